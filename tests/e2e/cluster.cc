#include "cluster.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "fedge/common/check.h"
#include "fedge/common/file.h"

namespace fedge::testing {

std::string ProgramPath(const std::string& program) {
  return std::string(FEDGE_BIN_DIR) + "/" + program;
}

Cluster::Cluster(const std::string& architecture) {
  const Finished made =
      Run("fl-client", {"new-model", "--arch", architecture, "--seed", "1", "-o", model_path()});
  FEDGE_CHECK(made.status == 0);
}

std::string Cluster::NextName(const std::string& program) {
  return program + "-" + std::to_string(num_started_++);
}

Process& Cluster::StartCoordinator(const std::vector<std::string>& flags) {
  const std::string ready = File(NextName("ready"));
  std::vector<std::string> argv = {ProgramPath("fl-coordinator"),
                                   "--model",
                                   model_path(),
                                   "--state-dir",
                                   state_dir(),
                                   "--listen",
                                   address_.empty() ? "127.0.0.1:0" : address_,
                                   "--http",
                                   "off",
                                   "--ready-file",
                                   ready};
  argv.insert(argv.end(), flags.begin(), flags.end());
  coordinator_ = std::make_unique<Process>(
      argv, Process::Options{.folder = folder_.path(), .name = NextName("coordinator")});
  FEDGE_CHECK(coordinator_->WaitForText("listening on"));
  auto content = ReadFile(ready);
  FEDGE_CHECK(content.ok());
  address_ = content->substr(0, content->find('\n'));
  return *coordinator_;
}

Process& Cluster::StartClient(const std::string& name, const std::vector<std::string>& flags) {
  std::vector<std::string> argv = {ProgramPath("fl-client"), "--coordinator",
                                   clients_connect_to_.empty() ? address_ : clients_connect_to_};
  argv.insert(argv.end(), flags.begin(), flags.end());
  clients_.push_back(std::make_unique<Process>(
      argv, Process::Options{.folder = folder_.path(), .name = NextName(name)}));
  return *clients_.back();
}

bool Cluster::WaitForClients(std::size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < deadline) {
    const auto status = FedctlJson({"status"});
    if (status.IsObject() && status.HasMember("trainers") &&
        status["trainers"].GetUint64() + status["evaluators"].GetUint64() >= count) {
      return true;
    }
    std::this_thread::yield();
  }
  return false;
}

Finished Cluster::Run(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {ProgramPath(program)};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return RunProgram(
      argv,
      {.folder = folder_.path(), .name = NextName(program), .working_directory = folder_.path()});
}

Finished Cluster::Fedctl(const std::vector<std::string>& arguments) {
  std::vector<std::string> with_address = {"--coordinator", address_};
  with_address.insert(with_address.end(), arguments.begin(), arguments.end());
  return Run("fedctl", with_address);
}

std::unique_ptr<Process> Cluster::StartFedctl(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {ProgramPath("fedctl"), "--coordinator", address_};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return std::make_unique<Process>(
      argv, Process::Options{.folder = folder_.path(), .name = NextName("fedctl")});
}

rapidjson::Document Cluster::FedctlJson(const std::vector<std::string>& arguments) {
  std::vector<std::string> with_json = arguments;
  with_json.push_back("--json");
  const Finished finished = Fedctl(with_json);
  rapidjson::Document document;
  if (finished.status == 0) document.Parse(finished.out.c_str());
  return document;
}

}  // namespace fedge::testing
