#include "fedge/client/runtime.h"

#include <algorithm>
#include <utility>

#include "fedge/common/random.h"

namespace fedge::client {
namespace {

// Jobs handed to the pool ahead of time, so that a worker never waits for the actor.
constexpr std::size_t kMaxQueuedJobs = 64;

// Thousands of sessions begin one after another, five in a millisecond.
constexpr std::size_t kJoinsPerMillisecond = 5;

std::vector<std::string> Ids(const std::vector<Profile>& profiles) {
  std::vector<std::string> ids;
  for (const Profile& profile : profiles) ids.push_back(profile.id);
  return ids;
}

LogSink OrDefault(LogSink sink) {
  if (sink) return sink;
  return [](log::Level level, std::string_view line) {
    if (log::Enabled(level)) log::Write(level, line);
  };
}

}  // namespace

Runtime::Runtime(RuntimeOptions options, const std::vector<Profile>& profiles,
                 Surroundings surroundings, std::vector<std::unique_ptr<Trainer>> trainers)
    : options_(std::move(options)),
      surroundings_(surroundings),
      now_(surroundings.clock.Now()),
      models_(options_.cache_folder),
      budget_(options_.max_update_bytes, 2 * trainers.size()),
      reporter_(options_.coordinator, Ids(profiles), OrDefault(options_.log)),
      workers_(std::move(trainers), surroundings.mailbox) {
  sessions_.reserve(profiles.size());
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    State state(CombineSeeds(options_.seed, HashName(profiles[i].id)));
    state.link = Offline{now_ + Duration(i / kJoinsPerMillisecond)};
    sessions_.push_back({profiles[i].id, std::move(state), std::nullopt});
    Reschedule(i);
  }
}

Status Runtime::Run() {
  while (!done()) Turn(std::nullopt);
  reporter_.Finish(now_);
  return first_failure_;
}

void Runtime::Turn(std::optional<Duration> limit) {
  if (const auto deadline = NextDeadline()) {
    const Duration left = std::max(*deadline - surroundings_.clock.Now(), Duration::zero());
    limit = limit ? std::min(*limit, left) : left;
  }
  surroundings_.mailbox.Take(limit, batch_);
  now_ = surroundings_.clock.Now();
  for (Message& message : batch_) Handle(std::move(message));
  batch_.clear();
  TickDueSessions();
  DispatchJobs();
  reporter_.Flush(now_);
}

void Runtime::Handle(Message message) {
  if (auto* event = std::get_if<SessionEvent>(&message)) {
    Feed(event->client, std::move(event->event));
  } else if (auto* fetched = std::get_if<FetchEnded>(&message)) {
    const auto delivery = models_.Complete(std::move(fetched->download), fetched->status);
    for (const std::size_t client : delivery.clients)
      Feed(client, ModelReady{delivery.digest, delivery.result});
  } else if (!std::exchange(stopping_, true)) {
    for (std::size_t client = 0; client < sessions_.size(); ++client) Feed(client, Shutdown{});
  }
}

void Runtime::Feed(std::size_t client, Event event) {
  inbox_.push_back({client, std::move(event)});
  while (!inbox_.empty()) {
    SessionEvent next = std::move(inbox_.front());
    inbox_.pop_front();
    Session& session = sessions_[next.client];
    Step step = Advance(options_.policy, std::move(session.state), std::move(next.event), now_);
    session.state = std::move(step.state);
    for (Effect& effect : step.effects) Perform(next.client, std::move(effect));
    Reschedule(next.client);
  }
}

void Runtime::Perform(std::size_t client, Effect effect) {
  if (auto* call = std::get_if<Call>(&effect)) {
    surroundings_.transport.Send(client, std::move(*call));
  } else if (const auto* cancel = std::get_if<CancelCall>(&effect)) {
    surroundings_.transport.Cancel(client, cancel->call);
  } else if (const auto* fetch = std::get_if<FetchModel>(&effect)) {
    Fetch(client, *fetch);
  } else if (auto* job = std::get_if<StartJob>(&effect)) {
    waiting_jobs_.push_back({client, std::move(*job)});
  } else if (const auto* cancelled = std::get_if<CancelJob>(&effect)) {
    workers_.Cancel(client, cancelled->job);
  } else if (const auto* started = std::get_if<TaskStarted>(&effect)) {
    reporter_.On(client, *started, now_);
  } else if (const auto* task = std::get_if<TaskEnded>(&effect)) {
    reporter_.On(client, *task, now_);
  } else if (const auto* lost = std::get_if<LinkLost>(&effect)) {
    reporter_.On(client, *lost, now_);
  } else if (const auto* up = std::get_if<LinkUp>(&effect)) {
    reporter_.On(client, *up, now_);
  } else if (const auto* ended = std::get_if<SessionEnded>(&effect)) {
    reporter_.On(client, *ended, now_);
    ++num_ended_;
    if (first_failure_.ok()) first_failure_ = ended->status;
  }
}

void Runtime::Fetch(std::size_t client, const FetchModel& fetch) {
  if (auto model = models_.Find(fetch.model.digest)) {
    inbox_.push_back({client, ModelReady{fetch.model.digest, std::move(model)}});
  } else if (auto download = models_.Request(fetch.model, client)) {
    surroundings_.transport.Fetch(fetch.session, std::move(download));
  }
}

void Runtime::DispatchJobs() {
  if (waiting_jobs_.empty()) return;
  std::size_t room = kMaxQueuedJobs - std::min(kMaxQueuedJobs, workers_.queued());
  while (!waiting_jobs_.empty() && room > 0) {
    const auto& [client, job] = waiting_jobs_.front();
    // It may have been cancelled while it waited.
    const auto* computing = std::get_if<Computing>(&sessions_[client].state.work);
    if (computing != nullptr && computing->job == job.job) {
      if (!Dispatch(client, job)) return;
      --room;
    }
    waiting_jobs_.pop_front();
  }
}

bool Runtime::Dispatch(std::size_t client, const StartJob& start) {
  Job job{.client = client,
          .id = start.job,
          .work = EvaluateJob{start.model, client},
          .reservation = nullptr};
  if (start.task.kind == Task::Kind::kTrain) {
    job.reservation = budget_.Reserve(start.model->manifest.payload_bytes);
    if (job.reservation == nullptr) return false;
    job.work = TrainJob{.model = start.model,
                        .config = start.task.config,
                        .client_id = sessions_[client].id,
                        .round = start.task.round,
                        .client_index = client};
  }
  workers_.Submit(std::move(job));
  return true;
}

void Runtime::Reschedule(std::size_t client) {
  Session& session = sessions_[client];
  const auto deadline = client::NextDeadline(session.state);
  if (deadline == session.deadline) return;
  if (session.deadline) deadlines_.erase({*session.deadline, client});
  if (deadline) deadlines_.insert({*deadline, client});
  session.deadline = deadline;
}

void Runtime::TickDueSessions() {
  // A session that is due and stays so (it cannot, but must not hang the process) waits for the
  // next turn.
  std::vector<std::size_t> due;
  for (const auto& [deadline, client] : deadlines_) {
    if (deadline > now_) break;
    due.push_back(client);
  }
  for (const std::size_t client : due) Feed(client, Tick{});
}

std::optional<TimePoint> Runtime::NextDeadline() const {
  std::optional<TimePoint> earliest = reporter_.NextDeadline();
  if (!deadlines_.empty() && (!earliest || deadlines_.begin()->first < *earliest)) {
    earliest = deadlines_.begin()->first;
  }
  return earliest;
}

}  // namespace fedge::client
