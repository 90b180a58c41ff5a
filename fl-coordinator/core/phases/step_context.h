#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fedge/common/clock.h"
#include "fedge/coordinator/run_machine.h"

namespace fedge::machine {

// What an event of the operator's log is about.
struct Subject {
  RunId run = 0;
  RoundId round = 0;
  ClientId client = {};
};

inline Subject About(const RoundRecord& round, ClientId client = {}) {
  return {.run = round.run, .round = round.round, .client = std::move(client)};
}

// One step in progress. Handlers change `state` in place and append effects; they refuse an event
// by a Status that is not OK, before they have done either.
struct StepContext {
  const Limits& limits;
  State& state;
  std::vector<Effect>& effects;
  TimePoint now;

  void Emit(Effect effect) { effects.push_back(std::move(effect)); }
  // An event for the operator.
  void Log(std::string_view kind, Subject subject, std::string message);
  void Answer(RoundId round, const ClientId& client, TaskState outcome, std::string reason = {});
  void Answer(RoundId round, const ClientId& client, const Refusal& refusal);

  // Precondition: there is a run.
  RunRecord& run() { return *state.run; }
  const RunPlan& plan() { return state.run->plan; }
};

// For std::visit: a lambda per alternative.
template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

// What somebody else wrote, cut between two UTF-8 characters to a length that a log can take.
std::string Clipped(std::string text);
// "1 round", "2 rounds".
std::string Plural(std::uint64_t count, std::string_view noun);
// "90 s", "0.5 s".
std::string SecondsText(Duration duration);

}  // namespace fedge::machine
