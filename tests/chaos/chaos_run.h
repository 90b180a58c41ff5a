#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fedge/testing/process.h"
#include "fedge/testing/temp_directory.h"

namespace fedge::testing {

// One death of the coordinator.
struct Death {
  std::string point;       // of crash_points.h; empty: fl-coordinator itself, after `delay_ms`
  std::uint64_t pass = 1;  // of the point, from the coordinator's start
  bool power_loss = false;
  int delay_ms = 0;

  std::string Describe() const;
};

// A run of real training whose coordinator dies again and again, in a folder of its own.
class ChaosRun {
 public:
  static constexpr int kClients = 4;

  explicit ChaosRun(int rounds);

  // The coordinator dies on an empty state directory, before anybody joins; the next one finds what
  // it has left. False if it lived.
  bool DieAtCreation(const Death& death);
  // Clients join, and the run begins. Then the coordinator dies as given, one death after the
  // other, and is started again after each; the last one lives. Returns those deaths that did not
  // come about because the run ended before.
  std::vector<Death> Play(const std::vector<Death>& deaths);
  // Until the run has completed; what is wrong with it, or nothing.
  std::string WaitForEnd();

  std::string global_model() const;
  // How often each point was passed by the coordinator that lived to the end. After WaitForEnd.
  std::map<std::string, std::uint64_t> StopAndCount();
  // Lines in the clients' log that say that a task was begun, by task.
  std::map<std::string, int> TasksBegun() const;
  // Of all rounds together.
  std::uint64_t CountAccepted();

 private:
  std::string File(const std::string& name) const { return folder_.File(name); }
  // False if it died before it listened.
  bool Start(const Death& death);
  Finished Fedctl(std::vector<std::string> arguments);
  bool RunHasEnded();
  bool Dies(const Death& death);

  const int rounds_;
  TempDirectory folder_;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<Process> coordinator_;
  std::unique_ptr<Process> clients_;
  int num_started_ = 0;
};

}  // namespace fedge::testing
