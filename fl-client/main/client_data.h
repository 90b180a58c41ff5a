#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "client_options.h"
#include "fedge/client_main/torch_trainer.h"
#include "fedge/common/result.h"
#include "fedge/data/dataset.h"

namespace fedge {

// The clients of this process and what each of them works with.
struct ClientSet {
  std::shared_ptr<const data::Dataset> dataset;
  std::vector<std::string> ids;
  std::vector<ClientData> data;  // by client
  std::string summary;           // "clients=50 examples=1437 ...", for the log

  std::size_t num_examples(std::size_t client) const {
    return data[client].train.size() +
           (data[client].train.empty() ? data[client].holdout.size() : 0);
  }
};

// Reads the data and deals them out. Precondition: the options are valid.
Result<ClientSet> LoadClients(const ClientOptions& options);

}  // namespace fedge
