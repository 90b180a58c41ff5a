#include "chaos_run.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>
#include <rapidjson/document.h>

#include "fedge/common/check.h"
#include "fedge/common/file.h"

namespace fedge::testing {
namespace {

using std::chrono::milliseconds;

std::string Program(const std::string& name) { return std::string(FEDGE_BIN_DIR) + "/" + name; }

const Death kLives = {.point = "none"};

}  // namespace

std::string Death::Describe() const {
  if (point.empty()) return fmt::format("kill after {} ms", delay_ms);
  return fmt::format("{} at {} #{}", power_loss ? "power loss" : "kill", point, pass);
}

ChaosRun::ChaosRun(int rounds) : rounds_(rounds) {
  // 115 kB: its updates take turns and come in parts.
  const Finished made = RunProgram({Program("fl-client"), "new-model", "--arch", "mlp:64,384,10",
                                    "--seed", "1", "-o", File("model.pt")},
                                   {.folder = folder_.path(), .name = "new-model"});
  FEDGE_CHECK(made.status == 0);
}

bool ChaosRun::Start(const Death& death) {
  const std::string name = fmt::format("coordinator-{}", num_started_++);
  std::vector<std::string> argv = {
      death.point.empty() ? Program("fl-coordinator") : FEDGE_CRASHING_COORDINATOR,
      "--state-dir",
      File("state"),
      "--model",
      File("model.pt"),
      "--listen",
      address_,
      "--ready-file",
      File("ready")};
  if (death.point.empty()) {
    argv.insert(argv.end(), {"--http", "off"});
  } else {
    for (const std::string& word :
         {std::string("--crash-at"), death.point, std::string("--crash-pass"),
          fmt::format("{}", death.pass), std::string("--crash-by"),
          std::string(death.power_loss ? "power-loss" : "kill"), std::string("--seed"),
          fmt::format("{}", num_started_), std::string("--count-file"), File("counts")}) {
      argv.push_back(word);
    }
  }
  coordinator_ =
      std::make_unique<Process>(argv, Process::Options{.folder = folder_.path(), .name = name});
  if (!coordinator_->WaitForText("listening on")) return false;
  const std::string ready = ReadFile(File("ready")).value();
  address_ = ready.substr(0, ready.find('\n'));
  return true;
}

Finished ChaosRun::Fedctl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {Program("fedctl"), "--coordinator", address_});
  return RunProgram(arguments, {.folder = folder_.path(), .name = "fedctl"});
}

bool ChaosRun::RunHasEnded() {
  const Finished finished = Fedctl({"status", "--json"});
  rapidjson::Document status;
  status.Parse(finished.out.c_str());
  return finished.status == 0 && status.IsObject() && status["run"]["ended"].IsBool() &&
         status["run"]["ended"].GetBool();
}

bool ChaosRun::Dies(const Death& death) {
  if (death.point.empty()) {
    const bool died = coordinator_->Wait(milliseconds(death.delay_ms)).has_value();
    FEDGE_CHECK(!died);
    if (RunHasEnded()) return false;
    coordinator_->Signal(SIGKILL);
    coordinator_->Wait();
    return true;
  }
  while (!coordinator_->Wait(milliseconds(250)).has_value()) {
    if (RunHasEnded()) return false;
  }
  FEDGE_CHECK(*coordinator_->Wait() == 128 + SIGKILL);
  return true;
}

bool ChaosRun::DieAtCreation(const Death& death) {
  std::filesystem::remove_all(File("state"));
  if (Start(death)) return false;
  FEDGE_CHECK(*coordinator_->Wait() == 128 + SIGKILL);
  return true;
}

std::vector<Death> ChaosRun::Play(const std::vector<Death>& deaths) {
  FEDGE_CHECK(Start(kLives));
  clients_ = std::make_unique<Process>(
      std::vector<std::string>{Program("fl-client"), "--coordinator", address_, "--virtual",
                               fmt::format("{}", kClients), "--workers", "1", "--log-level",
                               "debug"},
      Process::Options{.folder = folder_.path(), .name = "clients"});
  // Waits for all clients, by the rule that a round begins with all of them.
  FEDGE_CHECK(Fedctl({"start-round", "--clients", fmt::format("{}", kClients), "--rounds",
                      fmt::format("{}", rounds_), "--deadline", "10m", "--detach"})
                  .status == 0);
  std::vector<Death> missed;
  for (const Death& death : deaths) {
    coordinator_->Signal(SIGKILL);
    coordinator_->Wait();
    Start(death);
    if (!Dies(death)) missed.push_back(death);
  }
  if (!deaths.empty()) {
    coordinator_->Signal(SIGKILL);
    coordinator_->Wait();
    FEDGE_CHECK(Start(kLives));
  }
  return missed;
}

std::string ChaosRun::WaitForEnd() {
  const Finished finished = Fedctl({"wait", "--timeout", "2m"});
  if (finished.status != 0) return finished.err + coordinator_->Err();
  return "";
}

std::string ChaosRun::global_model() const { return ReadFile(File("state/global.pt")).value(); }

std::map<std::string, std::uint64_t> ChaosRun::StopAndCount() {
  coordinator_->Signal(SIGTERM);
  coordinator_->Wait();
  std::istringstream lines(ReadFile(File("counts")).value());
  std::map<std::string, std::uint64_t> counts;
  std::string point;
  for (std::uint64_t passes = 0; lines >> point >> passes;) counts[point] = passes;
  return counts;
}

std::map<std::string, int> ChaosRun::TasksBegun() const {
  std::map<std::string, int> begun;
  std::istringstream lines(clients_->Err());
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(" task=");
    if (line.find("task started") == std::string::npos || at == std::string::npos) continue;
    ++begun[line.substr(at + 6, line.find(' ', at + 6) - at - 6)];
  }
  return begun;
}

std::uint64_t ChaosRun::CountAccepted() {
  std::uint64_t accepted = 0;
  for (int round = 1; round <= rounds_; ++round) {
    const Finished finished = Fedctl({"rounds", "show", fmt::format("{}", round), "--json"});
    rapidjson::Document shown;
    shown.Parse(finished.out.c_str());
    FEDGE_CHECK(finished.status == 0 && shown.IsObject());
    accepted += shown["accepted"].GetUint64();
  }
  return accepted;
}

}  // namespace fedge::testing
