#include "fedge/scenario/state_text.h"

#include <fmt/format.h>

namespace fedge::testing {
namespace {

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

long long Ms(TimePoint time) { return time.time_since_epoch().count(); }

std::string Text(const Metrics& metrics) {
  return fmt::format("{}/{}/{}", metrics.num_examples, metrics.loss, metrics.accuracy);
}

std::string Text(const ModelRef& model) {
  return fmt::format("{}+{}@{}#{}", model.digest.ShortHex(), model.size, model.round, model.crc32);
}

std::string Text(const RoundRecord& r) {
  std::string text = fmt::format("round {} run {} index {} {} base {} model {}", r.round, r.run,
                                 r.index_in_run, Name(r.phase), Text(r.base), Text(r.model));
  text += fmt::format(" wanted {} selected {} accepted {} refused {} failed {} late {} surplus {}",
                      r.num_wanted, r.num_selected, r.num_accepted, r.num_refused, r.num_failed,
                      r.num_late, r.num_surplus);
  text += fmt::format(" examples {} up {} before {} after {} evaluation {} pending {}",
                      r.num_examples, r.bytes_up, Text(r.train_before), Text(r.train_after),
                      Text(r.evaluation), r.evaluation_pending);
  return text + fmt::format(" error '{}' times {} {} {} {}", r.error, Ms(r.started),
                            Ms(r.training_started), Ms(r.aggregation_started), Ms(r.ended));
}

std::string Text(const RunRecord& r) {
  std::string text = fmt::format("run {} request '{}' rounds {} of {} N {} M {} until '{}'", r.run,
                                 r.request_id, r.rounds_completed, r.plan.num_rounds,
                                 r.plan.num_clients, r.plan.min_clients, r.plan.until);
  return text + fmt::format(" retries {} ended {} goal {} error '{}' reset {} times {} {}",
                            r.retries_used, r.ended, r.goal_reached, r.error, r.reset,
                            Ms(r.started), Ms(r.ended_at));
}

std::string Text(const std::map<ClientId, TaskRecord>& tasks) {
  std::string text;
  for (const auto& [client, task] : tasks) {
    // A restart forgets what was delivered.
    const TaskState state = task.open() ? TaskState::kOffered : task.state;
    text += fmt::format(
        "  task {} of {}: {} '{}' examples {} before {} after {} extent {}+{} at {}\n", task.id(),
        client, Name(state), task.reason, task.result.num_examples, Text(task.result.before),
        Text(task.result.after), task.extent.offset, task.extent.size, Ms(task.updated));
  }
  return text;
}

std::string Text(const std::optional<RoundRecord>& round) {
  return round ? Text(*round) : std::string("no round");
}

std::string Text(const std::optional<TimePoint>& time) {
  return time ? std::to_string(Ms(*time)) : std::string("-");
}

std::string PersistedPhase(const Phase& phase) {
  return std::visit(
      Overloaded{
          [](const Initializing& p) {
            return fmt::format("{} until {}\n", Text(p.round), Ms(p.deadline));
          },
          [](const Training& p) {
            return fmt::format("{} until {} open {}\n{}", Text(p.round), Ms(p.deadline), p.num_open,
                               Text(p.tasks));
          },
          [](const Aggregating& p) { return Text(p.round) + "\n"; },
          [](const Completed& p) {
            return fmt::format("{} until {}\n", Text(p.round), Text(p.evaluation_deadline));
          },
          [](const Failed& p) { return fmt::format("{} '{}'\n", Text(p.round), p.reason); },
      },
      phase);
}

std::string TransientPhase(const Phase& phase) {
  if (const auto* const p = std::get_if<Initializing>(&phase)) {
    return fmt::format("grace {} candidates {}\n", Text(p->grace_ends), p->num_candidates);
  }
  if (const auto* const p = std::get_if<Training>(&phase)) {
    std::string text;
    for (const auto& [client, task] : p->tasks) {
      if (task.state == TaskState::kTraining) text += client + " ";
    }
    return fmt::format("training {} {}down {}\n", p->num_training, text, p->round.bytes_down);
  }
  return {};
}

}  // namespace

std::string EffectText(const Effect& effect) {
  return std::visit(
      Overloaded{
          [](const SaveEvent& e) {
            std::string text = e.event.kind;
            if (!e.event.client.empty()) text += " " + e.event.client;
            return text + ": " + e.event.message;
          },
          [](const SaveModel& e) {
            return fmt::format("publish model of round {}", e.model.round);
          },
          [](const Notify& e) { return "notify " + e.client; },
          [](const AnswerUpdate& e) {
            return fmt::format("answer {}: {}{}{}", e.client, Name(e.outcome),
                               e.reason.empty() ? "" : ", ", e.reason);
          },
          [](const Aggregate& e) { return fmt::format("aggregate round {}", e.round.round); },
          [](const DropUpdates& e) { return fmt::format("drop updates of round {}", e.round); },
          [](const auto&) { return std::string(); },
      },
      effect);
}

std::string PersistedText(const State& state) {
  std::string text = fmt::format("{}: {}", Name(NameOf(state.phase)), PersistedPhase(state.phase));
  text += state.run ? Text(*state.run) + "\n" : "no run\n";
  text += fmt::format("model {} last run {} last round {}\n", Text(state.model), state.last_run,
                      state.last_round);
  if (state.closed) {
    text += fmt::format("closed {}\n{}", Text(state.closed->round), Text(state.closed->tasks));
  }
  for (const PendingEvaluation& evaluation : state.evaluations) {
    text += fmt::format("evaluation of {}\n", Text(evaluation.round));
  }
  return text;
}

std::string FullText(const State& state) {
  std::string text = PersistedText(state) + TransientPhase(state.phase);
  for (const auto& [client, member] : state.members) {
    text += fmt::format("member {} {}", client, member.role == Role::kEvaluator ? "E" : "T");
    for (const auto& [key, value] : member.labels) text += fmt::format(" {}={}", key, value);
    text += "\n";
  }
  for (const PendingEvaluation& evaluation : state.evaluations) {
    text += fmt::format("evaluation {} waits for [{}] expires {} failure '{}'",
                        evaluation.round.round, fmt::join(evaluation.waiting_for, " "),
                        Text(evaluation.expires), evaluation.last_failure);
    for (const auto& [client, metrics] : evaluation.reports) {
      text += fmt::format(" {}={}", client, Text(metrics));
    }
    text += "\n";
  }
  return text;
}

std::string EventName(const Event& event) {
  static constexpr const char* kNames[] = {"StartRun",
                                           "AbortRun",
                                           "Reset",
                                           "PauseRun",
                                           "ResumeRun",
                                           "RollBack",
                                           "Tick",
                                           "ClientJoined",
                                           "ClientLeft",
                                           "TaskDelivered",
                                           "UpdateReceived",
                                           "UpdateRefused",
                                           "TaskFailed",
                                           "ModelSent",
                                           "AggregationDone",
                                           "AggregationFailed",
                                           "UpdateLost",
                                           "EvaluationReported",
                                           "EvaluationFailed"};
  static_assert(std::size(kNames) == std::variant_size_v<Event>);
  return kNames[event.index()];
}

}  // namespace fedge::testing
