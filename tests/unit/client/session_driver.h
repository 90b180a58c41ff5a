#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fedge/client/session.h"

namespace fedge::client {

inline Digest DigestOf(std::string_view name) { return Sha256::Of(AsBytes(name)); }

inline Task TrainTask(std::uint64_t round, const std::string& client = "a") {
  return {.kind = Task::Kind::kTrain,
          .id = fmt::format("{}:{}", round, client),
          .run = 1,
          .round = round,
          .model = {DigestOf(fmt::format("model {}", round)), 100},
          .config = {}};
}

inline Task EvaluateTask(std::uint64_t round) {
  Task task = TrainTask(round);
  task.kind = Task::Kind::kEvaluate;
  task.id = "eval:" + task.id;
  return task;
}

inline std::shared_ptr<const Update> UpdateOf(std::size_t bytes) {
  auto update = std::make_shared<Update>();
  update->output.payload.resize(bytes);
  update->output.result.num_examples = 10;
  return update;
}

// One line for an effect, e.g. "poll #2 busy=3:a".
inline std::string Render(const Effect& effect) {
  static constexpr const char* kEnds[] = {"accepted", "refused",   "late",   "surplus",
                                          "failed",   "evaluated", "stopped"};
  struct {
    std::string operator()(const Call& call) const { return std::visit(*this, call); }
    std::string operator()(const SendJoin& e) const { return fmt::format("join #{}", e.call); }
    std::string operator()(const SendPoll& e) const {
      return fmt::format("poll #{} {} busy={}", e.call, e.session, e.busy_task_id);
    }
    std::string operator()(const SendUploadStatus& e) const {
      return fmt::format("status #{} {} {}", e.call, e.session, e.task_id);
    }
    std::string operator()(const SendSubmit& e) const {
      return fmt::format("submit #{} {} {} from {}", e.call, e.session, e.task.id, e.offset);
    }
    std::string operator()(const SendReport& e) const {
      const auto* failure = std::get_if<Failure>(&e.report);
      const std::string what = failure == nullptr
                                   ? fmt::format("loss {}", std::get<Metrics>(e.report).loss)
                                   : (failure->not_finite ? "refused: " : "") + failure->reason;
      return fmt::format("report #{} {} {} {}", e.call, e.session, e.task_id, what);
    }
    std::string operator()(const SendLeave& e) const {
      return fmt::format("leave #{} {}", e.call, e.session);
    }
    std::string operator()(const CancelCall& e) const { return fmt::format("cancel #{}", e.call); }
    std::string operator()(const FetchModel& e) const { return fmt::format("fetch {}", e.session); }
    std::string operator()(const StartJob& e) const {
      return fmt::format("job #{} {}", e.job, e.task.id);
    }
    std::string operator()(const CancelJob& e) const {
      return fmt::format("cancel job #{}", e.job);
    }
    std::string operator()(const TaskStarted& e) const {
      return fmt::format("started {}", e.task.id);
    }
    std::string operator()(const TaskEnded& e) const {
      return fmt::format("{} {}{}{}", kEnds[static_cast<int>(e.end)], e.task.id,
                         e.reason.empty() ? "" : ": ", e.reason);
    }
    std::string operator()(const LinkLost& e) const { return "lost: " + e.status.message(); }
    std::string operator()(const LinkUp&) const { return "up"; }
    std::string operator()(const SessionEnded& e) const { return "ended " + e.status.ToString(); }
  } render;
  return std::visit(render, effect);
}

// A session driven by hand. Each step answers with what it asked for, as lines.
class SessionDriver {
 public:
  using Lines = std::vector<std::string>;

  explicit SessionDriver(Policy p = {}) : policy(p) {}

  Lines Feed(Event event) {
    Step step = Advance(policy, std::move(state), std::move(event), now);
    state = std::move(step.state);
    Lines lines;
    for (const Effect& effect : step.effects) lines.push_back(Render(effect));
    return lines;
  }
  // Lets time pass until the session wants to act, then ticks.
  Lines Next() {
    const auto deadline = NextDeadline(state);
    if (!deadline) return {"nothing to wait for"};
    if (*deadline > now) now = *deadline;
    return Feed(Tick{});
  }

  // Ids of the open calls; kNoCall if there is none.
  CallId poll() const {
    const auto* online = std::get_if<Online>(&state.link);
    return online == nullptr ? kNoCall : online->poll;
  }
  CallId join() const {
    const auto* joining = std::get_if<Joining>(&state.link);
    return joining == nullptr ? kNoCall : joining->call;
  }
  CallId exchange() const {
    if (const auto* upload = std::get_if<Uploading>(&state.work)) return upload->call;
    if (const auto* report = std::get_if<Reporting>(&state.work)) return report->call;
    return kNoCall;
  }
  JobId job() const {
    const auto* computing = std::get_if<Computing>(&state.work);
    return computing == nullptr ? 0 : computing->job;
  }
  TimePoint deadline() const { return NextDeadline(state).value_or(TimePoint::max()); }

  Lines JoinAs(const std::string& session) {
    if (join() == kNoCall) Next();
    return Feed(Joined{join(), SessionTerms{.session = session, .coordinator_id = "c"}});
  }
  Lines Answer(PollAnswer answer) { return Feed(Polled{poll(), std::move(answer)}); }
  Lines FailPoll(Status status) { return Feed(Polled{poll(), std::move(status)}); }
  Lines DeliverModel() {
    return Feed(
        ModelReady{CurrentTask(state.work)->model.digest, std::shared_ptr<const GlobalModel>()});
  }
  Lines FailModel(Status status) {
    return Feed(ModelReady{CurrentTask(state.work)->model.digest, std::move(status)});
  }
  Lines FinishTraining(std::size_t bytes = 100) { return Feed(Trained{job(), UpdateOf(bytes)}); }
  // Joined, with a training task at the given step.
  void ToFetching(std::uint64_t round = 1) {
    JoinAs("s");
    Answer(TrainTask(round));
  }
  void ToComputing(std::uint64_t round = 1) {
    ToFetching(round);
    DeliverModel();
  }
  void ToUploading(std::uint64_t round = 1) {
    ToComputing(round);
    FinishTraining();
  }

  Policy policy;
  State state{1};
  TimePoint now{Duration{1'000'000}};
};

}  // namespace fedge::client
