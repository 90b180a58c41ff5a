#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "fedge/client/session.h"

namespace fedge::client {

// Within which a coordinator's "come back in" is honoured.
constexpr Duration kMinPause{10};
constexpr Duration kMaxPause{3'600'000};

inline Duration Clamped(Duration pause) { return std::clamp(pause, kMinPause, kMaxPause); }

// One step of Advance under way: the parts of session.cc, session_link.cc and session_work.cc.
class Stepper {
 public:
  Stepper(const Policy& policy, State state, TimePoint now)
      : policy_(policy), now_(now), state_(std::move(state)) {}

  Step Run(Event event) &&;

 private:
  // Link.
  void On(Joined event);
  void On(Polled event);
  void On(Left event);
  void On(Shutdown event);
  void On(Tick) {}
  void OnAnswer(PollAnswer answer);
  void Offered(Task task);
  void Stopped(const Stop& stop);
  void ProceedLink();
  // The coordinator did not answer. Returns when to try again; ends the session if it has been away
  // for too long.
  TimePoint Unreachable(const Status& status, Duration retry_after);
  // Answers that change nothing must not turn into a busy loop.
  void PausePolling();
  // Goes Offline until join_at; the calls that belong to the session are abandoned, the work is
  // kept.
  void Disconnect(TimePoint join_at);
  void Rejoin();
  void End(Status status);

  // Work.
  void On(ModelReady event);
  void On(Trained event);
  void On(Evaluated event);
  void On(UploadChecked event);
  void On(Submitted event);
  void On(Reported event);
  void ProceedWork();
  void Begin(Task task);
  void BeginReport(Task task, Report report);
  void Submit(Uploading& upload, std::uint64_t offset);
  // A call of an Uploading or Reporting failed with something that may pass.
  template <typename Exchange>
  void RetryCall(Exchange& exchange, const Status& status, Duration retry_after);
  // Gives up what is being worked on, and what waits behind it.
  void AbandonWork(const std::string& reason);
  void AbandonCalls();
  // Ends the current task and begins the one that waited for it.
  void Finish(TaskEnded ended);

  // Until the next attempt: back-off on top of what the server asked for.
  Duration Delay(Backoff& backoff, Duration retry_after = Duration::zero());
  void Emit(Effect effect) { effects_.push_back(std::move(effect)); }
  CallId NewId() { return ++state_.last_id; }

  const Policy& policy_;
  TimePoint now_;
  State state_;
  std::vector<Effect> effects_;
};

}  // namespace fedge::client
