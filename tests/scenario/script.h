#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/status.h"
#include "fedge/scenario/script_words.h"
#include "fedge/scenario/simulator.h"

namespace fedge::testing {

// Plays the commands of a *.round file. The commands stand in tests/scenario/README.md.
class Script {
 public:
  // The command's transcript, a line each; "error: ..." for a command that can't be read.
  std::vector<std::string> Run(std::string_view line);

 private:
  using Handler = void (Script::*)(const Command&);
  static const std::map<std::string, Handler, std::less<>>& Handlers();

  void Limit(const Command& command);
  void Join(const Command& command);
  void Leave(const Command& command);
  void Start(const Command& command);
  void Wait(const Command& command);
  void Poll(const Command& command);
  void Report(const Command& command);
  void Aggregate(const Command& command);
  void Lose(const Command& command);
  void Evaluate(const Command& command);
  void Abort(const Command& command);
  void Reset(const Command& command);
  void Pause(const Command& command);
  void Resume(const Command& command);
  void RollBackTo(const Command& command);
  void Crash(const Command& command);
  void Restart(const Command& command);
  void Show(const Command& command);

  void Apply(const Event& event) { Print(simulator_->Apply(event)); }
  void Print(const Outcome& outcome);
  void PrintPhaseIfNew();
  void Print(std::string line) { output_.push_back(std::move(line)); }
  RoundId RoundOf(const Command& command) const;

  Limits limits_;
  std::unique_ptr<Simulator> simulator_ = std::make_unique<Simulator>();
  bool crashed_ = false;
  std::string last_phase_;
  std::vector<std::string> output_;
};

}  // namespace fedge::testing
