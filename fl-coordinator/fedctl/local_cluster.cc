#include "fedge/fedctl/local_cluster.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "fedge/cli/exit_code.h"
#include "fedge/common/file.h"
#include "fedge/fedctl/follow.h"

namespace fedge::fedctl {
namespace {

constexpr Duration kPoll{10};

void AddOption(std::vector<std::string>& arguments, const char* flag,
               const std::optional<std::string>& value) {
  if (value.has_value()) arguments.insert(arguments.end(), {flag, *value});
}

// Programs that were started with what the user wrote say themselves what is wrong with it.
Status EndedEarly(ChildProcess& child, const std::string& how) {
  if (child.EndedWith(cli::kExitUsage))
    return InvalidArgument("{} cannot be started like this:\n{}", child.name(),
                           Tail(child.log_path(), 10));
  return Internal("{} ended early ({}); its last lines:\n{}", child.name(), how,
                  Tail(child.log_path(), 10));
}

}  // namespace

std::string DefaultArchitecture(std::string_view data) {
  data = data.substr(0, data.find(':'));  // "mnist:DIR" names its folder as well
  if (data == "digits") return "mlp:64,32,10";
  if (data == "mnist") return "2nn";
  if (data == "cifar10") return "resnet20";
  return "";
}

Result<std::unique_ptr<LocalCluster>> LocalCluster::Start(const LocalOptions& options,
                                                          const std::stop_token& stop) {
  std::error_code error;
  std::string pattern = std::filesystem::temp_directory_path(error) / "fedge-local-XXXXXX";
  if (error || ::mkdtemp(pattern.data()) == nullptr) {
    return Unavailable("no temporary folder can be made ({}); set TMPDIR to a folder that exists",
                       pattern);
  }
  std::unique_ptr<LocalCluster> cluster(new LocalCluster(pattern));
  std::string model;
  FEDGE_RETURN_IF_ERROR(cluster->MakeModel(options, stop, model));
  FEDGE_RETURN_IF_ERROR(cluster->StartCoordinator(model, stop));
  FEDGE_RETURN_IF_ERROR(cluster->StartClients(options));
  return cluster;
}

LocalCluster::~LocalCluster() {
  // Clients first: they say good-bye to a coordinator that is still there.
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) child->Terminate();
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
    child->Join(Duration(5'000));
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Status LocalCluster::Check() {
  for (ChildProcess& child : children_) {
    if (const auto how = child.Ended(); how.has_value()) return EndedEarly(child, *how);
  }
  return OkStatus();
}

Status LocalCluster::Spawn(const std::string& program, const std::string& log_name,
                           std::vector<std::string> arguments) {
  FEDGE_ASSIGN_OR_RETURN(const std::string path, FindSibling(program));
  FEDGE_ASSIGN_OR_RETURN(ChildProcess child,
                         ChildProcess::Start({.program = path,
                                              .arguments = std::move(arguments),
                                              .log_path = folder_ + "/" + log_name}));
  children_.push_back(std::move(child));
  return OkStatus();
}

Status LocalCluster::MakeModel(const LocalOptions& options, const std::stop_token& stop,
                               std::string& model) {
  if (options.model.has_value()) {
    model = *options.model;
    return OkStatus();
  }
  model = folder_ + "/model.pt";
  FEDGE_RETURN_IF_ERROR(
      Spawn("fl-client", "new-model.log",
            {"new-model", "--arch", DefaultArchitecture(options.data.value_or("digits")), "--seed",
             fmt::format("{}", options.seed), "-o", model}));
  ChildProcess& maker = children_.back();
  while (!maker.Ended().has_value()) {
    if (!SleepFor(kPoll, stop)) return Cancelled("interrupted");
  }
  const Status status = maker.succeeded() ? OkStatus() : EndedEarly(maker, *maker.Ended());
  children_.pop_back();
  return status;
}

Status LocalCluster::StartCoordinator(const std::string& model, const std::stop_token& stop) {
  const std::string ready_file = folder_ + "/address";
  FEDGE_RETURN_IF_ERROR(Spawn("fl-coordinator", "coordinator.log",
                              {"--model", model, "--state-dir", folder_ + "/state", "--listen",
                               "127.0.0.1:0", "--http", "off", "--ready-file", ready_file}));
  constexpr Duration kPatience{30'000};
  for (Duration waited{0}; waited < kPatience; waited += kPoll) {
    // It appears whole, in one step.
    if (const Result<std::string> ready = ReadFile(ready_file); ready.ok()) {
      address_ = ready->substr(0, ready->find('\n'));
      return OkStatus();
    }
    FEDGE_RETURN_IF_ERROR(Check());
    if (!SleepFor(kPoll, stop)) return Cancelled("interrupted");
  }
  return Internal("fl-coordinator is not ready after {} s; its last lines:\n{}",
                  kPatience.count() / 1000, Tail(children_.front().log_path(), 10));
}

Status LocalCluster::StartClients(const LocalOptions& options) {
  std::vector<std::string> common = {"--coordinator", address_, "--data",
                                     options.data.value_or("digits")};
  AddOption(common, "--data-dir", options.data_dir);
  std::vector<std::string> trainers = common;
  trainers.insert(trainers.end(), {"--virtual", fmt::format("{}", options.num_clients), "--seed",
                                   fmt::format("{}", options.seed)});
  AddOption(trainers, "--partition", options.partition);
  if (options.workers.has_value()) {
    AddOption(trainers, "--workers", fmt::format("{}", *options.workers));
  }
  FEDGE_RETURN_IF_ERROR(Spawn("fl-client", "clients.log", std::move(trainers)));
  common.insert(common.end(), {"--role", "evaluator", "--id", "evaluator"});
  return Spawn("fl-client", "evaluator.log", std::move(common));
}

}  // namespace fedge::fedctl
