#include <algorithm>
#include <utility>

#include "fedge/client/session_stepper.h"

namespace fedge::client {

void Stepper::On(Joined event) {
  auto* joining = std::get_if<Joining>(&state_.link);
  if (joining == nullptr || joining->call != event.call) return;
  joining->call = kNoCall;
  if (event.result.ok()) {
    Emit(LinkUp{event.result->coordinator_id});
    state_.link = Online{.terms = *std::move(event.result), .poll_at = now_};
    state_.unreachable_since.reset();
    state_.duplicate_since.reset();
    state_.unknown_joins = 0;
    return;
  }
  const Status status = std::move(event.result).status();
  if (status.code() == StatusCode::kAlreadyExists) {
    if (!state_.duplicate_since) state_.duplicate_since = now_;
    if (now_ - *state_.duplicate_since >= policy_.duplicate_id_limit) return End(status);
  } else if (!IsRetriable(status.code())) {
    return End(status);
  }
  const bool unknown = status.code() == StatusCode::kUnimplemented;
  state_.unknown_joins = unknown ? state_.unknown_joins + 1 : 0;
  if (state_.unknown_joins >= policy_.max_unknown_joins) return End(status);
  const TimePoint retry_at = Unreachable(status, event.retry_after);
  if (!state_.ended()) state_.link = Offline{retry_at};
}

void Stepper::On(Polled event) {
  auto* online = std::get_if<Online>(&state_.link);
  if (online == nullptr || online->poll != event.call) return;
  online->poll = kNoCall;
  if (event.result.ok()) {
    online->answered = true;
    online->poll_at = now_;
    if (state_.unreachable_since) Emit(LinkUp{online->terms.coordinator_id});
    state_.unreachable_since.reset();
    return OnAnswer(*std::move(event.result));
  }
  const Status status = std::move(event.result).status();
  switch (status.code()) {
    case StatusCode::kUnauthenticated:
      return Rejoin();
    case StatusCode::kPermissionDenied:
      return End(status);
    default:
      online->poll_at = now_;  // overwritten unless this ends the session
      const TimePoint retry_at = Unreachable(status, event.retry_after);
      if (!state_.ended()) online->poll_at = retry_at;
  }
}

void Stepper::OnAnswer(PollAnswer answer) {
  auto& online = std::get<Online>(state_.link);
  if (auto* task = std::get_if<Task>(&answer)) return Offered(std::move(*task));
  if (const auto* stop = std::get_if<Stop>(&answer)) return Stopped(*stop);
  if (const auto* wait = std::get_if<Wait>(&answer)) {
    state_.link_backoff.Reset();
    online.poll_at = now_ + Clamped(wait->retry_after);
    return;
  }
  const auto& gone = std::get<Gone>(answer);
  if (gone.retry_after <= Duration::zero()) {
    return End(Aborted("the coordinator ended the session: {}", gone.reason));
  }
  const Duration pause = Clamped(gone.retry_after);
  Emit(LinkLost{Unavailable("{}", gone.reason), pause});
  Disconnect(now_ + pause);
}

void Stepper::Offered(Task task) {
  const Task* current = CurrentTask(state_.work);
  if ((current != nullptr && current->id == task.id) ||
      (state_.next && state_.next->id == task.id)) {
    return PausePolling();
  }
  state_.link_backoff.Reset();
  // An update whose answer is on its way has most likely ended the round that this task follows.
  const auto* upload = std::get_if<Uploading>(&state_.work);
  const auto* report = std::get_if<Reporting>(&state_.work);
  if ((upload != nullptr && upload->call != kNoCall) ||
      (report != nullptr && report->call != kNoCall)) {
    state_.next = std::move(task);
    return;
  }
  AbandonWork("a newer task was offered");
  Begin(std::move(task));
}

void Stepper::Stopped(const Stop& stop) {
  if (state_.next && state_.next->id == stop.task_id) {
    state_.next.reset();
    return;
  }
  const Task* current = CurrentTask(state_.work);
  if (current == nullptr || current->id != stop.task_id) return PausePolling();
  state_.link_backoff.Reset();
  std::optional<Task> next = std::exchange(state_.next, std::nullopt);
  AbandonWork(stop.reason);
  if (next) Begin(*std::move(next));
}

Duration Stepper::Delay(Backoff& backoff, Duration retry_after) {
  return std::clamp(retry_after, Duration::zero(), kMaxPause) +
         backoff.Next(policy_.backoff_base, policy_.backoff_cap, state_.random);
}

void Stepper::PausePolling() {
  std::get<Online>(state_.link).poll_at = now_ + Delay(state_.link_backoff);
}

TimePoint Stepper::Unreachable(const Status& status, Duration retry_after) {
  if (!state_.unreachable_since) state_.unreachable_since = now_;
  Duration delay = Delay(state_.link_backoff, retry_after);
  if (policy_.reconnect_limit) {
    const Duration left = *policy_.reconnect_limit - (now_ - *state_.unreachable_since);
    if (left <= Duration::zero()) {
      End(status);
      return now_;
    }
    delay = std::min(delay, left);
  }
  Emit(LinkLost{status, delay});
  return now_ + delay;
}

void Stepper::Disconnect(TimePoint join_at) {
  const auto& online = std::get<Online>(state_.link);
  if (online.poll != kNoCall) Emit(CancelCall{online.poll});
  AbandonCalls();
  state_.link = Offline{join_at};
}

void Stepper::Rejoin() {
  // A session that was never answered and is unknown again: do not spin on join and poll.
  const bool answered = std::get<Online>(state_.link).answered;
  if (answered) state_.link_backoff.Reset();
  Disconnect(answered ? now_ : now_ + Delay(state_.link_backoff));
}

void Stepper::On(Left event) {
  const auto* leaving = std::get_if<Leaving>(&state_.link);
  if (leaving != nullptr && leaving->call == event.call) End(OkStatus());
}

void Stepper::On(Shutdown) {
  if (std::holds_alternative<Leaving>(state_.link)) return;
  auto* online = std::get_if<Online>(&state_.link);
  if (online == nullptr) return End(OkStatus());
  AbandonWork("the client stops");
  if (online->poll != kNoCall) Emit(CancelCall{online->poll});
  const CallId call = NewId();
  Emit(SendLeave{call, online->terms.session});
  state_.link = Leaving{call, now_ + policy_.leave_limit};
}

void Stepper::End(Status status) {
  AbandonWork("the session ended");
  CallId open = kNoCall;
  if (const auto* joining = std::get_if<Joining>(&state_.link)) open = joining->call;
  if (const auto* online = std::get_if<Online>(&state_.link)) open = online->poll;
  if (open != kNoCall) Emit(CancelCall{open});
  state_.link = Ended{status};
  Emit(SessionEnded{std::move(status)});
}

void Stepper::ProceedLink() {
  if (const auto* offline = std::get_if<Offline>(&state_.link);
      offline != nullptr && now_ >= offline->join_at) {
    const CallId call = NewId();
    Emit(SendJoin{call});
    state_.link = Joining{call};
  } else if (const auto* leaving = std::get_if<Leaving>(&state_.link);
             leaving != nullptr && now_ >= leaving->until) {
    Emit(CancelCall{leaving->call});
    End(OkStatus());
  } else if (auto* online = std::get_if<Online>(&state_.link);
             online != nullptr && online->poll == kNoCall && now_ >= online->poll_at) {
    online->poll = NewId();
    const Task* busy = state_.next ? &*state_.next : CurrentTask(state_.work);
    Emit(SendPoll{online->poll, online->terms.session, busy == nullptr ? "" : busy->id,
                  online->terms.max_hold});
  }
}

}  // namespace fedge::client
