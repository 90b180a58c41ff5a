#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/coordinator/run_machine.h"
#include "fedge/scenario/simulator.h"
#include "fedge/scenario/state_text.h"

namespace fedge::testing {

using namespace std::chrono_literals;  // NOLINT: for tests only

// A coordinator to play with, held to the machine's invariants after every step (Simulator).
class MachineTest : public ::testing::Test {
 protected:
  explicit MachineTest(Limits limits = {}) : sim_(limits) {}

  void Join(std::initializer_list<const char*> clients, const Labels& labels = {}) {
    for (const char* client : clients) {
      sim_.Apply(ClientJoined{client, {.role = Role::kTrainer, .labels = labels}});
    }
  }
  void JoinEvaluators(std::initializer_list<const char*> clients) {
    for (const char* client : clients) {
      sim_.Apply(ClientJoined{client, {.role = Role::kEvaluator, .labels = {}}});
    }
  }
  static TrainResult Examples(std::uint64_t num_examples) {
    TrainResult result;
    result.num_examples = num_examples;
    return result;
  }
  static RunPlan Plan(std::uint32_t clients, std::uint32_t rounds = 1) {
    RunPlan plan;
    plan.num_clients = clients;
    plan.num_rounds = rounds;
    plan.deadline = 60s;
    return plan;
  }
  Outcome Start(const RunPlan& plan, const std::string& request_id = {}) {
    return sim_.Apply(StartRun{plan, request_id});
  }
  Outcome Report(const ClientId& client, RoundId round = 0,
                 const TrainResult& result = Examples(10)) {
    if (round == 0) round = state().last_round;
    const Extent extent{.segment = round, .offset = ++offset_, .size = 100, .crc32 = 7};
    return sim_.Apply(UpdateReceived{round, client, result, extent});
  }
  Outcome Refuse(const ClientId& client, RoundId round = 0) {
    return sim_.Apply(UpdateRefused{
        round == 0 ? state().last_round : round, client, {RefusalCode::kNotFinite, "it is nan"}});
  }
  Outcome Fail(const ClientId& client) {
    return sim_.Apply(TaskFailed{state().last_round, client, "out of memory"});
  }
  Outcome FinishAggregation() {
    const RoundId round = state().last_round;
    return sim_.Apply(AggregationDone{round, Simulator::ModelOf(round)});
  }
  Outcome Evaluate(const ClientId& client, RoundId round, double accuracy,
                   std::uint64_t examples = 100) {
    return sim_.Apply(EvaluationReported{
        round, client, {.num_examples = examples, .loss = 1 - accuracy, .accuracy = accuracy}});
  }

  const State& state() const { return sim_.state(); }
  PhaseName phase() const { return NameOf(state().phase); }
  const RoundRecord& round() const { return *CurrentRound(state()); }
  const RoundRecord& saved(RoundId round) const { return sim_.store().rounds().at(round); }
  const TaskRecord& task(RoundId round, const ClientId& client) const {
    return sim_.store().tasks().at({round, client});
  }

  Simulator sim_;

 private:
  std::uint64_t offset_ = 0;
};

// The effects of one kind.
template <typename E>
std::vector<E> All(const Outcome& outcome) {
  std::vector<E> all;
  for (const Effect& effect : outcome.effects) {
    if (const auto* const e = std::get_if<E>(&effect)) all.push_back(*e);
  }
  return all;
}

// The answer to an update.
inline TaskState AnswerOf(const Outcome& outcome) {
  const auto answers = All<AnswerUpdate>(outcome);
  EXPECT_EQ(answers.size(), 1U);
  return answers.empty() ? TaskState::kWithdrawn : answers.front().outcome;
}

inline std::vector<ClientId> Notified(const Outcome& outcome) {
  std::vector<ClientId> clients;
  for (const Notify& notify : All<Notify>(outcome)) clients.push_back(notify.client);
  return clients;
}

}  // namespace fedge::testing
