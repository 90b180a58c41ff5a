#include <utility>

#include "fedge/client/session_stepper.h"

namespace fedge::client {
namespace {

// Updates of this size and more ask for their turn before they are sent: the coordinator takes only
// some at once.
constexpr std::size_t kAskFirstBytes = 64u << 10;

TaskEnd EndOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAccepted:
      return TaskEnd::kAccepted;
    case Outcome::kRefused:
      return TaskEnd::kRefused;
    case Outcome::kLate:
      return TaskEnd::kLate;
    case Outcome::kSurplus:
      return TaskEnd::kSurplus;
  }
  return TaskEnd::kRefused;
}

Failure FailureOf(const Status& status) {
  return {.reason = status.message(), .not_finite = status.code() == StatusCode::kOutOfRange};
}

}  // namespace

void Stepper::Begin(Task task) {
  state_.work_backoff.Reset();
  Emit(TaskStarted{task});
  state_.work = Fetching{.task = std::move(task), .retry_at = now_};
}

void Stepper::BeginReport(Task task, Report report) {
  state_.work_backoff.Reset();
  state_.work = Reporting{.task = std::move(task), .report = std::move(report), .retry_at = now_};
}

void Stepper::On(ModelReady event) {
  auto* fetching = std::get_if<Fetching>(&state_.work);
  if (fetching == nullptr || !fetching->requested || fetching->task.model.digest != event.digest)
    return;
  if (event.result.ok()) {
    const JobId job = NewId();
    Emit(StartJob{job, fetching->task, *std::move(event.result)});
    Task task = std::move(fetching->task);
    state_.work = Computing{std::move(task), job};
    return;
  }
  const Status status = std::move(event.result).status();
  const bool corrupt = status.code() == StatusCode::kDataLoss;
  fetching->corrupt += corrupt ? 1 : 0;
  // The fetch may have run on another client's session: whether this one is known, its own poll
  // finds out.
  const bool retry = IsRetriable(status.code()) || status.code() == StatusCode::kUnauthenticated ||
                     (corrupt && fetching->corrupt < policy_.max_corrupt_downloads);
  if (!retry) return BeginReport(std::move(fetching->task), FailureOf(status));
  fetching->requested = false;
  fetching->retry_at = now_ + Delay(state_.work_backoff);
}

void Stepper::On(Trained event) {
  auto* computing = std::get_if<Computing>(&state_.work);
  if (computing == nullptr || computing->job != event.job) return;
  Task task = std::move(computing->task);
  if (!event.result.ok()) return BeginReport(std::move(task), FailureOf(event.result.status()));
  state_.work_backoff.Reset();
  const auto update = *std::move(event.result);
  state_.work = Uploading{.task = std::move(task),
                          .update = update,
                          .resume = update->output.payload.size() >= kAskFirstBytes,
                          .retry_at = now_};
}

void Stepper::On(Evaluated event) {
  auto* computing = std::get_if<Computing>(&state_.work);
  if (computing == nullptr || computing->job != event.job) return;
  Task task = std::move(computing->task);
  if (!event.result.ok()) return BeginReport(std::move(task), FailureOf(event.result.status()));
  BeginReport(std::move(task), *event.result);
}

template <typename Exchange>
void Stepper::RetryCall(Exchange& exchange, const Status& status, Duration retry_after) {
  exchange.call = kNoCall;
  if (state_.next) {
    return Finish({.task = exchange.task, .end = TaskEnd::kStopped, .reason = status.message()});
  }
  if (status.code() == StatusCode::kUnauthenticated) {
    exchange.retry_at = now_;
    if (std::holds_alternative<Online>(state_.link)) Rejoin();
    return;
  }
  // A coordinator without room spreads those who come back itself, and keeps their places.
  const bool told = status.code() == StatusCode::kResourceExhausted && retry_after > Duration(0);
  exchange.retry_at =
      now_ + (told ? Clamped(retry_after) : Delay(state_.work_backoff, retry_after));
}

void Stepper::On(UploadChecked event) {
  auto* upload = std::get_if<Uploading>(&state_.work);
  if (upload == nullptr || upload->call != event.call) return;
  const StatusCode code = event.result.status().code();
  if (IsRetriable(code) || code == StatusCode::kUnauthenticated) {
    return RetryCall(*upload, event.result.status(), event.retry_after);
  }
  if (event.result.ok() && event.result->accepted) {
    return Finish({.task = upload->task, .end = TaskEnd::kAccepted, .update = upload->update});
  }
  // Anything else: nothing of it is there, or what is there is not ours. The answer to the whole
  // says what is wrong.
  const std::uint64_t received = event.result.ok() ? event.result->received_bytes : 0;
  Submit(*upload, received <= upload->update->output.payload.size() ? received : 0);
}

void Stepper::Submit(Uploading& upload, std::uint64_t offset) {
  const auto* online = std::get_if<Online>(&state_.link);
  if (online == nullptr) {
    upload.call = kNoCall;
    return;
  }
  upload.call = NewId();
  upload.resume = true;
  Emit(SendSubmit{.call = upload.call,
                  .session = online->terms.session,
                  .task = upload.task,
                  .update = upload.update,
                  .offset = offset,
                  .max_chunk_bytes = online->terms.max_chunk_bytes});
}

void Stepper::On(Submitted event) {
  auto* upload = std::get_if<Uploading>(&state_.work);
  if (upload == nullptr || upload->call != event.call) return;
  if (event.result.ok()) {
    return Finish({.task = upload->task,
                   .end = EndOf(event.result->outcome),
                   .reason = event.result->reason,
                   .update = upload->update});
  }
  const Status status = std::move(event.result).status();
  // DATA_LOSS and OUT_OF_RANGE: a chunk was damaged on its way, or did not follow what is there.
  if (IsRetriable(status.code()) || status.code() == StatusCode::kUnauthenticated ||
      status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kOutOfRange) {
    return RetryCall(*upload, status, event.retry_after);
  }
  Finish({.task = upload->task,
          .end = TaskEnd::kRefused,
          .reason = status.message(),
          .update = upload->update});
}

void Stepper::On(Reported event) {
  auto* reporting = std::get_if<Reporting>(&state_.work);
  if (reporting == nullptr || reporting->call != event.call) return;
  const StatusCode code = event.status.code();
  if (IsRetriable(code) || code == StatusCode::kUnauthenticated) {
    return RetryCall(*reporting, event.status, event.retry_after);
  }
  TaskEnded ended{.task = reporting->task, .end = TaskEnd::kFailed};
  if (const auto* failure = std::get_if<Failure>(&reporting->report)) {
    if (failure->not_finite) ended.end = TaskEnd::kRefused;
    ended.reason = failure->reason;
  } else if (event.status.ok()) {
    ended.end = TaskEnd::kEvaluated;
    ended.evaluation = std::get<Metrics>(reporting->report);
  } else {
    ended.reason = event.status.message();
  }
  Finish(std::move(ended));
}

void Stepper::Finish(TaskEnded ended) {
  Emit(std::move(ended));
  state_.work = Idle{};
  if (state_.next) return Begin(*std::exchange(state_.next, std::nullopt));
  // The open poll says that this client is busy: another one takes its place, and its late answer
  // is not waited for.
  if (auto* online = std::get_if<Online>(&state_.link);
      online != nullptr && online->poll != kNoCall) {
    online->poll = kNoCall;
    online->poll_at = now_;
  }
}

void Stepper::AbandonWork(const std::string& reason) {
  state_.next.reset();
  AbandonCalls();
  if (const auto* computing = std::get_if<Computing>(&state_.work)) Emit(CancelJob{computing->job});
  if (const Task* task = CurrentTask(state_.work)) {
    Emit(TaskEnded{.task = *task, .end = TaskEnd::kStopped, .reason = reason});
    state_.work = Idle{};
  }
}

void Stepper::AbandonCalls() {
  const auto abandon = [this](CallId& call) {
    if (call != kNoCall) Emit(CancelCall{call});
    call = kNoCall;
  };
  if (auto* upload = std::get_if<Uploading>(&state_.work)) {
    abandon(upload->call);
    upload->retry_at = now_;
  }
  if (auto* report = std::get_if<Reporting>(&state_.work)) {
    abandon(report->call);
    report->retry_at = now_;
  }
}

void Stepper::ProceedWork() {
  const auto& online = std::get<Online>(state_.link);
  if (auto* fetching = std::get_if<Fetching>(&state_.work)) {
    if (fetching->requested || now_ < fetching->retry_at) return;
    fetching->requested = true;
    Emit(FetchModel{fetching->task.model, online.terms.session});
  } else if (auto* upload = std::get_if<Uploading>(&state_.work)) {
    if (upload->call != kNoCall || now_ < upload->retry_at) return;
    if (!upload->resume) return Submit(*upload, 0);
    upload->call = NewId();
    Emit(SendUploadStatus{upload->call, online.terms.session, upload->task.id,
                          upload->update->output.payload.size()});
  } else if (auto* reporting = std::get_if<Reporting>(&state_.work)) {
    if (reporting->call != kNoCall || now_ < reporting->retry_at) return;
    reporting->call = NewId();
    Emit(SendReport{reporting->call, online.terms.session, reporting->task.id, reporting->report});
  }
}

}  // namespace fedge::client
