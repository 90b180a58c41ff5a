#include "fedge/scenario/script.h"

#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "fedge/scenario/state_text.h"

namespace fedge::testing {
namespace {

std::string Clock(TimePoint time) {
  return fmt::format("{:g}s", std::chrono::duration<double>(time - Simulator::Start()).count());
}

}  // namespace

const std::map<std::string, Script::Handler, std::less<>>& Script::Handlers() {
  static const std::map<std::string, Handler, std::less<>> handlers{
      {"limit", &Script::Limit},
      {"join", &Script::Join},
      {"leave", &Script::Leave},
      {"start", &Script::Start},
      {"tick", &Script::Wait},
      {"poll", &Script::Poll},
      {"report", &Script::Report},
      {"aggregate", &Script::Aggregate},
      {"evaluate", &Script::Evaluate},
      {"abort", &Script::Abort},
      {"pause", &Script::Pause},
      {"resume", &Script::Resume},
      {"roll-back", &Script::RollBackTo},
      {"reset", &Script::Reset},
      {"crash", &Script::Crash},
      {"restart", &Script::Restart},
      {"show", &Script::Show},
      {"lose", &Script::Lose},
  };
  return handlers;
}

std::vector<std::string> Script::Run(std::string_view line) {
  output_.clear();
  try {
    const Command command = Command::Parse(line);
    const auto handler = Handlers().find(command.verb);
    if (handler == Handlers().end()) {
      Print(fmt::format("error: there is no command '{}'", command.verb));
    } else if (crashed_ && command.verb != "restart" && command.verb != "tick") {
      Print("error: the coordinator is down");
    } else {
      (this->*handler->second)(command);
    }
  } catch (const std::exception& e) {
    Print(fmt::format("error: {}", e.what()));
  }
  return std::move(output_);
}

void Script::Print(const Outcome& outcome) {
  if (!outcome.status.ok()) return Print("refused: " + outcome.status.ToString());
  std::string notified;
  for (const Effect& effect : outcome.effects) {
    if (const auto* const notify = std::get_if<Notify>(&effect)) {
      notified += " " + notify->client;
    } else if (std::string text = EffectText(effect); !text.empty()) {
      Print(std::move(text));
    }
  }
  if (!notified.empty()) Print("notify" + notified);
  PrintPhaseIfNew();
}

void Script::PrintPhaseIfNew() {
  const State& state = simulator_->state();
  std::string phase = fmt::format("-> {} round {}", Name(NameOf(state.phase)), state.last_round);
  if (const auto deadline = PhaseDeadline(state)) phase += " until " + Clock(*deadline);
  if (const std::uint32_t missing = ClientsWaitedFor(state); missing > 0) {
    phase += fmt::format(", waiting for {}", missing);
  }
  if (phase == last_phase_) return;
  last_phase_ = phase;
  Print(fmt::format("{} (at {})", phase, Clock(simulator_->now())));
}

RoundId Script::RoundOf(const Command& command) const {
  const auto option = command.options.find("round");
  return option == command.options.end() ? simulator_->state().last_round
                                         : Whole<RoundId>(option->second);
}

void Script::Limit(const Command& command) {
  for (const auto& [key, value] : command.options) {
    if (key == "join-grace")
      limits_.join_grace = Time(value);
    else if (key == "pending-evaluations")
      limits_.max_pending_evaluations = Whole<std::uint32_t>(value);
    else if (key == "evaluator-grace")
      limits_.evaluator_grace = Time(value);
    else
      throw std::invalid_argument(fmt::format("limit has no option '{}'", key));
  }
  simulator_ = std::make_unique<Simulator>(limits_);
}

void Script::Join(const Command& command) {
  Member member;
  member.labels = {command.options.begin(), command.options.end()};
  std::vector<std::string> clients = command.words;
  if (!clients.empty() && clients.back() == "evaluator") {
    member.role = Role::kEvaluator;
    clients.pop_back();
  }
  for (const std::string& client : clients) Apply(ClientJoined{client, member});
}

void Script::Leave(const Command& command) {
  for (const std::string& client : command.words) Apply(ClientLeft{client});
}

void Script::Start(const Command& command) {
  StartRun event;
  for (const auto& [key, value] : command.options) {
    if (key == "request")
      event.request_id = value;
    else
      SetPlanOption(event.plan, key, value);
  }
  Apply(event);
}

void Script::Wait(const Command& command) {
  const Duration time = Time(command.words.at(0));
  if (crashed_) return simulator_->Sleep(time);
  simulator_->Wait(time, [&](const Outcome& outcome) { Print(outcome); });
}

void Script::Poll(const Command& command) {
  for (const std::string& client : command.words) {
    const Assignment assignment = AssignmentFor(simulator_->state(), client);
    if (const auto* const train = std::get_if<TrainAssignment>(&assignment)) {
      Print(fmt::format("{} trains {} on the model of round {}, lr {:g}", client, train->task_id,
                        train->model.round, train->config.learning_rate));
      Apply(TaskDelivered{train->round, client});
    } else if (const auto* const evaluate = std::get_if<EvaluateAssignment>(&assignment)) {
      Print(fmt::format("{} evaluates {} of round {}", client, evaluate->task_id,
                        evaluate->model.round));
    } else {
      Print(fmt::format("{} has nothing to do", client));
    }
  }
}

void Script::Report(const Command& command) {
  const std::string& client = command.words.at(0);
  const std::string kind = command.words.size() > 1 ? command.words[1] : "ok";
  const RoundId round = RoundOf(command);
  if (kind == "ok") {
    UpdateReceived event{.round = round, .client = client, .result = {}, .extent = {}};
    event.result.after = MetricsOf(command, 10);
    event.result.num_examples = event.result.after.num_examples;
    event.extent = {.segment = round, .offset = 0, .size = 100, .crc32 = 0};
    Apply(event);
  } else if (kind == "nan") {
    Apply(
        UpdateRefused{round, client, {RefusalCode::kNotFinite, "element 3 of 'fc.weight' is nan"}});
  } else if (kind == "failed") {
    Apply(TaskFailed{round, client, "out of memory"});
  } else {
    throw std::invalid_argument(fmt::format("report is ok, nan or failed, not '{}'", kind));
  }
}

void Script::Aggregate(const Command& command) {
  const RoundId round = RoundOf(command);
  if (!command.words.empty() && command.words[0] == "failed") {
    Apply(AggregationFailed{round, "no space left on device"});
  } else {
    Apply(AggregationDone{round, Simulator::ModelOf(round)});
  }
}

void Script::Lose(const Command& command) {
  for (const std::string& client : command.words) {
    Apply(UpdateLost{RoundOf(command), client, "its checksum differs"});
  }
}

void Script::Evaluate(const Command& command) {
  const std::string& client = command.words.at(0);
  const RoundId round = RoundOf(command);
  if (command.words.size() > 1 && command.words[1] == "failed") {
    Apply(EvaluationFailed{round, client, "the data do not fit the model"});
  } else {
    Apply(EvaluationReported{round, client, MetricsOf(command, 100)});
  }
}

void Script::Abort(const Command& command) {
  Apply(AbortRun{fmt::format("{}", fmt::join(command.words, " "))});
}

void Script::Reset(const Command&) { Apply(fedge::Reset{}); }

void Script::Pause(const Command&) { Apply(PauseRun{}); }

void Script::Resume(const Command&) { Apply(ResumeRun{}); }

void Script::RollBackTo(const Command& command) {
  Apply(RollBack{Simulator::ModelOf(RoundOf(command))});
}

void Script::Crash(const Command&) { crashed_ = true; }

void Script::Restart(const Command&) {
  crashed_ = false;
  last_phase_.clear();
  Print(simulator_->Restart());
}

// "show" what is kept of the newest round; "show round=1" of another one.
void Script::Show(const Command& command) {
  const auto round = simulator_->store().rounds().find(RoundOf(command));
  if (round == simulator_->store().rounds().end()) return Print("no such round");
  const RoundRecord& r = round->second;
  Print(fmt::format(
      "round {} {}: selected {}, accepted {}, refused {}, failed {}, late {}, surplus {}", r.round,
      Name(r.phase), r.num_selected, r.num_accepted, r.num_refused, r.num_failed, r.num_late,
      r.num_surplus));
  std::string text = fmt::format("examples {}, up {} bytes", r.num_examples, r.bytes_up);
  if (r.train_after.measured()) text += fmt::format(", loss {:.4g}", r.train_after.loss);
  if (r.evaluation.measured()) {
    text += fmt::format(", evaluated: loss {:.4g}, accuracy {:.4f}", r.evaluation.loss,
                        r.evaluation.accuracy);
  }
  Print(text);
  for (const auto& [key, task] : simulator_->store().tasks()) {
    if (key.first != r.round) continue;
    Print(fmt::format("{} {}{}{}", task.client, Name(task.state), task.reason.empty() ? "" : ": ",
                      task.reason));
  }
}

}  // namespace fedge::testing
