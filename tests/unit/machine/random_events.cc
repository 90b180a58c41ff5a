#include "random_events.h"

#include <limits>
#include <set>

#include <fmt/format.h>

namespace fedge::testing {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

ClientId EventSource::Client() { return std::string(1, static_cast<char>('a' + random_.Below(7))); }

ClientId EventSource::AnyOf(const std::map<ClientId, TaskRecord>& tasks) {
  auto task = tasks.begin();
  std::advance(task, static_cast<std::ptrdiff_t>(random_.Below(tasks.size())));
  return task->first;
}

RoundId EventSource::Round(const State& state) {
  if (!Chance(4)) return state.last_round;
  return state.last_round + 2 - std::min<RoundId>(random_.Below(6), state.last_round + 2);
}

Metrics EventSource::Measurement() {
  Metrics metrics{.num_examples = 1 + random_.Below(50), .loss = random_.Uniform()};
  metrics.accuracy = Chance(8) ? kNaN : random_.Uniform();
  if (Chance(10)) metrics.loss = kNaN;
  if (Chance(10)) metrics.num_examples = 0;
  return metrics;
}

RunPlan EventSource::Plan() {
  RunPlan plan;
  plan.num_clients = static_cast<std::uint32_t>(random_.Below(4));  // 0: refused
  plan.num_rounds = 1 + static_cast<std::uint32_t>(random_.Below(3));
  if (Chance(2)) plan.min_clients = 1 + static_cast<std::uint32_t>(random_.Below(2));
  if (Chance(3)) plan.over_select = 1.5;
  if (Chance(3)) plan.max_retries = static_cast<std::uint32_t>(random_.Below(3));
  if (Chance(2)) plan.until = Chance(2) ? "accuracy>=0.6" : "loss<0.2";
  if (Chance(4)) plan.where = {{"site", "eu"}};
  plan.deadline = Duration(1000 * (5 + random_.Below(30)));
  plan.evaluation_deadline = Duration(20'000);
  plan.train.seed = random_.Below(5);
  return plan;
}

// Often somebody whose evaluation is waited for: few other events end in as many ways.
ClientId EventSource::ComingOrGoing(const State& state) {
  if (!state.evaluations.empty() && Chance(2)) {
    const std::set<ClientId>& waiting = state.evaluations.back().waiting_for;
    if (!waiting.empty()) return *waiting.begin();
  }
  return Client();
}

Event EventSource::Join(const State& state) {
  Member member;
  if (Chance(3)) member.role = Role::kEvaluator;
  if (Chance(2)) member.labels = {{"site", Chance(2) ? "eu" : "us"}};
  return ClientJoined{ComingOrGoing(state), member};
}

Event EventSource::Update(const State& state) {
  UpdateReceived event{.round = Round(state), .client = Client(), .result = {}, .extent = {}};
  const auto* const training = std::get_if<Training>(&state.phase);
  if (training != nullptr && !Chance(3)) {
    event.round = training->round.round;
    event.client = AnyOf(training->tasks);
  }
  event.result.num_examples = Chance(8) ? 0 : 1 + random_.Below(20);
  event.result.before = Measurement();
  event.result.after = Measurement();
  event.result.train_seconds = Chance(10) ? kNaN : random_.Uniform();
  event.extent = {.segment = event.round, .offset = random_.Below(1000), .size = 100, .crc32 = 1};
  return event;
}

// Of an evaluation that somebody owes, if there is one.
Event EventSource::Evaluation(const State& state) {
  RoundId round = Round(state);
  ClientId client = Client();
  if (!state.evaluations.empty() && !Chance(5)) {
    const PendingEvaluation& pending = state.evaluations[random_.Below(state.evaluations.size())];
    round = pending.round.round;
    if (!pending.waiting_for.empty()) client = *pending.waiting_for.begin();
  }
  if (Chance(3)) return EvaluationFailed{round, client, "no data"};
  return EvaluationReported{round, client, Measurement()};
}

Event EventSource::Operator(const State& state) {
  switch (random_.Below(9)) {
    case 0:
      return AbortRun{Chance(2) ? "no reason" : ""};
    case 1:
      return Reset{};
    case 2:
      return state.run_active() && Chance(3) ? Event(PauseRun{}) : Event(ResumeRun{});
    case 3:
      return state.run_active() && state.run->paused ? Event(ResumeRun{}) : Event(PauseRun{});
    case 4:
      return RollBack{Simulator::ModelOf(random_.Below(5))};
    default:
      if (!state.run_active() && Chance(2)) return Reset{};
      return StartRun{Plan(), Chance(3) ? fmt::format("request {}", random_.Below(4)) : ""};
  }
}

Event EventSource::Next(const State& state) {
  if (std::holds_alternative<Aggregating>(state.phase) && Chance(3)) {
    const RoundId round = Round(state);
    if (Chance(4)) return AggregationFailed{round, "no space"};
    if (Chance(8)) return UpdateLost{round, AnyOf(state.closed->tasks), "its checksum differs"};
    return AggregationDone{round, Simulator::ModelOf(round)};
  }
  switch (random_.Below(21)) {
    case 0:
    case 1:
      return Operator(state);
    case 2:
    case 3:
    case 4:
      return Tick{};
    case 5:
    case 6:
      return Join(state);
    case 7:
      return ClientLeft{ComingOrGoing(state)};
    case 8:
      return TaskDelivered{Round(state), Client()};
    case 9:
      return UpdateRefused{Round(state), Client(), {RefusalCode::kNotFinite, "it is nan"}};
    case 10:
      return TaskFailed{Round(state), Client(), "out of memory"};
    case 11:
      return ModelSent{Round(state), 1000};
    case 12:
    case 13:
      return Evaluation(state);
    case 14: {
      const auto* const training = std::get_if<Training>(&state.phase);
      const ClientId client = training == nullptr ? Client() : AnyOf(training->tasks);
      return UpdateLost{Round(state), client, "it is gone"};
    }
    case 15:
      return Chance(2) ? Event(AggregationDone{Round(state), Simulator::ModelOf(state.last_round)})
                       : Event(AggregationFailed{Round(state), "no space"});
    default:
      return Update(state);
  }
}

Duration EventSource::Pause() { return Duration(Chance(3) ? random_.Below(8000) : 0); }

Limits TightLimits() {
  Limits limits;
  limits.join_grace = Duration(2000);
  limits.max_pending_evaluations = 2;
  limits.evaluator_grace = Duration(15'000);
  return limits;
}

void PlayRandomly(std::uint64_t seed, int steps, Simulator& simulator,
                  const std::function<void(const Observation&)>& observer) {
  EventSource source(seed);
  for (int i = 0; i < steps; ++i) {
    simulator.Sleep(source.Pause());
    if (source.Chance(100)) simulator.Restart();
    const PhaseName before = NameOf(simulator.state().phase);
    const Event event = source.Next(simulator.state());
    const Outcome outcome = simulator.Apply(event);
    observer({before, event, outcome, NameOf(simulator.state().phase)});
  }
}

}  // namespace fedge::testing
