#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "fedge/client/messages.h"
#include "fedge/client/model_download.h"
#include "fedge/client/trainer.h"
#include "fedge/common/result.h"

namespace fedge::client {

// The global models of a process: however many clients ask for one, it is fetched once. Keeps the
// newest two; older ones live as long as a job uses them. Runs on the actor thread.
class ModelCache {
 public:
  explicit ModelCache(std::string folder) : folder_(std::move(folder)) {}

  // nullptr if it is not here.
  std::shared_ptr<const GlobalModel> Find(const Digest& digest) const;

  // Notes that `client` waits for a model that is not here. Returns the download to carry on with,
  // or nullptr if it is under way already.
  std::unique_ptr<ModelDownload> Request(const ContentRef& model, std::size_t client);

  struct Delivery {
    Digest digest;
    Result<std::shared_ptr<const GlobalModel>> result;
    std::set<std::size_t> clients;  // who waited
  };
  // Takes back a download whose transfer ended with `status`. What came stays for the next Request
  // unless it is wrong.
  Delivery Complete(std::unique_ptr<ModelDownload> download, const Status& status);

 private:
  struct Pending {
    std::unique_ptr<ModelDownload> download;  // nullptr while it is under way
    std::set<std::size_t> clients;
  };
  void DropOldPartials(const Digest& newest);

  std::string folder_;
  std::deque<std::shared_ptr<const GlobalModel>> models_;  // newest first
  std::map<Digest, Pending> pending_;
};

}  // namespace fedge::client
