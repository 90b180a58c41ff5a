#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/fedctl/child_process.h"

namespace fedge::fedctl {

struct LocalOptions {
  std::uint32_t num_clients = 0;  // virtual clients
  std::uint64_t seed = 1;
  std::optional<std::string> model;  // none: a new one that suits the data
  std::optional<std::string> data;   // none: the embedded digits
  std::optional<std::string> data_dir;
  std::optional<std::string> partition;
  std::optional<std::uint32_t> workers;
};

// A coordinator, one process of virtual clients and an evaluator on this machine, with all their
// files in a temporary folder. The destructor stops them and removes the folder; they die with this
// process in any case. Start and destroy it on the main thread. Thread-compatible.
class LocalCluster {
 public:
  // kCancelled once `stop` is requested. With the last lines of its log if a program does not
  // start: kInvalidArgument if that is for its options, else kInternal.
  static Result<std::unique_ptr<LocalCluster>> Start(const LocalOptions& options,
                                                     const std::stop_token& stop);
  LocalCluster(const LocalCluster&) = delete;
  LocalCluster& operator=(const LocalCluster&) = delete;
  ~LocalCluster();

  // HOST:PORT of the coordinator.
  const std::string& address() const { return address_; }
  const std::string& folder() const { return folder_; }
  // Not OK once one of the programs has ended; codes as of Start.
  Status Check();

 private:
  explicit LocalCluster(std::string folder) : folder_(std::move(folder)) {}
  Status MakeModel(const LocalOptions& options, const std::stop_token& stop, std::string& model);
  Status StartCoordinator(const std::string& model, const std::stop_token& stop);
  Status StartClients(const LocalOptions& options);
  Status Spawn(const std::string& program, const std::string& log_name,
               std::vector<std::string> arguments);

  std::string folder_;
  std::string address_;
  std::vector<ChildProcess> children_;  // the coordinator first
};

// The architecture that --local trains on a data set when no model is given; empty: there is none
// that suits it.
std::string DefaultArchitecture(std::string_view data);

}  // namespace fedge::fedctl
