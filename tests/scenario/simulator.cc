#include "fedge/scenario/simulator.h"

#include <algorithm>
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "fedge/scenario/state_text.h"

namespace fedge::testing {
namespace {

// What each member is owed: a task id, or nothing.
std::map<ClientId, std::string> AssignmentsOf(const State& state) {
  std::map<ClientId, std::string> assignments;
  for (const auto& [client, member] : state.members) {
    const Assignment assignment = AssignmentFor(state, client);
    std::string& task = assignments[client];
    if (const auto* const train = std::get_if<TrainAssignment>(&assignment)) task = train->task_id;
    if (const auto* const evaluate = std::get_if<EvaluateAssignment>(&assignment)) {
      task = evaluate->task_id;
    }
  }
  return assignments;
}

// The client whose doing the event is, if it is one's.
ClientId ClientOf(const Event& event) {
  return std::visit(
      [](const auto& e) -> ClientId {
        if constexpr (requires { e.client; }) {
          return e.client;
        } else {
          return {};
        }
      },
      event);
}

std::set<ClientId> NotifiedBy(const std::vector<Effect>& effects) {
  std::set<ClientId> clients;
  for (const Effect& effect : effects) {
    if (const auto* const notify = std::get_if<Notify>(&effect)) clients.insert(notify->client);
  }
  return clients;
}

std::size_t CountAnswers(const std::vector<Effect>& effects) {
  return static_cast<std::size_t>(
      std::count_if(effects.begin(), effects.end(),
                    [](const Effect& e) { return std::holds_alternative<AnswerUpdate>(e); }));
}

}  // namespace

Simulator::Simulator(Limits limits, Checks checks)
    : limits_(limits), checks_(checks), store_(ModelOf(0)) {
  state_.model = ModelOf(0);
}

ModelRef Simulator::ModelOf(RoundId round) {
  ModelRef model;
  model.digest.bytes[0] = static_cast<std::byte>(round + 1);
  model.size = 1000;
  model.round = round;
  return model;
}

Outcome Simulator::Apply(const Event& event) {
  const bool check = checks_ == Checks::kAll;
  const std::string before = check ? FullText(state_) : "";
  const auto assigned = check ? AssignmentsOf(state_) : std::map<ClientId, std::string>();
  Step step = Advance(limits_, std::move(state_), event, now_);
  state_ = std::move(step.state);
  store_.Commit(step.effects);
  Outcome outcome{std::move(step.status), std::move(step.effects)};
  if (check) {
    CheckStep(event, before, outcome);
    CheckNotified(event, assigned, outcome);
  }
  return outcome;
}

void Simulator::CheckStep(const Event& event, const std::string& before,
                          const Outcome& outcome) const {
  SCOPED_TRACE(EventName(event) + " after\n" + before);
  for (const std::string& problem : BrokenInvariants(limits_, state_)) ADD_FAILURE() << problem;
  if (!outcome.status.ok()) {
    EXPECT_TRUE(outcome.effects.empty()) << "effects of a refused event";
    EXPECT_EQ(FullText(state_), before) << "a refused event changed the state";
  }
  const bool is_update =
      std::holds_alternative<UpdateReceived>(event) || std::holds_alternative<UpdateRefused>(event);
  EXPECT_EQ(CountAnswers(outcome.effects), is_update ? 1U : 0U);
  CheckRestored();
}

void Simulator::CheckNotified(const Event& event, const std::map<ClientId, std::string>& before,
                              const Outcome& outcome) const {
  const std::set<ClientId> notified = NotifiedBy(outcome.effects);
  for (const auto& [client, task] : AssignmentsOf(state_)) {
    const auto was = before.find(client);
    if (client == ClientOf(event) || was == before.end() || was->second == task) continue;
    EXPECT_EQ(notified.count(client), 1U)
        << EventName(event) << " changed '" << was->second << "' of " << client << " to '" << task
        << "', and it was not told";
  }
}

void Simulator::CheckRestored() const {
  const Result<State> restored = RestoreState(store_.Load());
  ASSERT_TRUE(restored.ok()) << restored.status().ToString();
  EXPECT_EQ(PersistedText(*restored), PersistedText(state_)) << "what was saved is not enough";
}

void Simulator::Wait(Duration time, const std::function<void(const Outcome&)>& on_step) {
  const TimePoint end = now_ + time;
  const auto tick = [&] {
    const Outcome outcome = Apply(Tick{});
    if (on_step) on_step(outcome);
  };
  for (int ticks = 0; ticks < 10'000; ++ticks) {
    const std::optional<TimePoint> next = NextDeadline(state_);
    if (!next || *next > end) break;
    now_ = std::max(now_, *next);
    tick();
  }
  now_ = end;
  tick();
}

Outcome Simulator::Restart() {
  Result<State> restored = RestoreState(store_.Load());
  if (!restored.ok()) return {restored.status(), {}};
  Step step = Resume(limits_, std::move(restored).value(), now_);
  state_ = std::move(step.state);
  store_.Commit(step.effects);
  Outcome outcome{std::move(step.status), std::move(step.effects)};
  CheckRestored();
  return outcome;
}

}  // namespace fedge::testing
