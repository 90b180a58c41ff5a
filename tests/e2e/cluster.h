#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <rapidjson/document.h>

#include "fedge/testing/process.h"
#include "fedge/testing/temp_directory.h"

namespace fedge::testing {

// The built programs on this machine's loopback, in a folder of their own; every process ends with
// the object.
class Cluster {
 public:
  // Builds `architecture` with fl-client new-model into model_path().
  explicit Cluster(const std::string& architecture = "mlp:64,32,10");

  std::string File(const std::string& name) const { return folder_.File(name); }
  std::string model_path() const { return File("model.pt"); }
  std::string state_dir() const { return File("state"); }
  std::string global_path() const { return state_dir() + "/global.pt"; }
  const std::string& address() const { return address_; }

  // Starts the coordinator and waits until it listens; a second call, after it has ended, starts it
  // again with the same state and address.
  Process& StartCoordinator(const std::vector<std::string>& flags = {});
  Process& coordinator() { return *coordinator_; }

  // Clients that are started from here on connect there: to a proxy of the coordinator's.
  void ConnectClientsTo(std::string address) { clients_connect_to_ = std::move(address); }
  // An fl-client of this coordinator, running in the background.
  Process& StartClient(const std::string& name, const std::vector<std::string>& flags);
  // Waits until `count` trainers and evaluators together are joined; false after a minute.
  bool WaitForClients(std::size_t count);

  // Runs a program to its end: Run("fedctl", {"status"}).
  Finished Run(const std::string& program, const std::vector<std::string>& arguments);
  // fedctl with --coordinator set.
  Finished Fedctl(const std::vector<std::string>& arguments);
  // In the background.
  std::unique_ptr<Process> StartFedctl(const std::vector<std::string>& arguments);
  // fedctl ... --json, parsed; a null document if it failed.
  rapidjson::Document FedctlJson(const std::vector<std::string>& arguments);

 private:
  std::string NextName(const std::string& program);

  TempDirectory folder_;
  std::string address_;
  std::string clients_connect_to_;  // empty: address_
  std::unique_ptr<Process> coordinator_;
  std::vector<std::unique_ptr<Process>> clients_;
  int num_started_ = 0;
};

std::string ProgramPath(const std::string& program);

}  // namespace fedge::testing
