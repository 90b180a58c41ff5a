#include "fedge/fedctl/follow.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include <fmt/format.h>

namespace fedge::fedctl {
namespace {

class Follower {
 public:
  Follower(AdminClient& client, const FollowOptions& options, ProgressView& view,
           const Clock& clock)
      : client_(client), options_(options), view_(view), clock_(clock), progress_(options.run) {}

  Result<RunProgress> Run(const std::stop_token& stop) {
    TimePoint last_heard = clock_.Now();
    Pauses pauses;
    for (;;) {
      heard_ = false;
      const Status status = WatchOnce();
      if (Ended() || Replaced()) return Outcome();
      if (heard_) last_heard = clock_.Now(), pauses.Reset();
      if (Overdue(status)) return DeadlineExceeded("run {} has not ended yet", options_.run);
      if (!status.ok() && !WorthRetrying(status)) return status;
      const Status lost = status.ok() ? Unavailable("the coordinator ended the call") : status;
      if (clock_.Now() - last_heard >= options_.give_up_after) return lost;
      if (!std::exchange(noticed_, true)) {
        view_.Notice(fmt::format("connection to {} lost ({}); trying again, the run goes on there",
                                 client_.target(), lost.message()));
      }
      if (!SleepFor(pauses.Next(), stop)) return Cancelled("interrupted");
    }
  }

 private:
  Status WatchOnce() {
    v1::WatchRequest request;
    request.set_run(options_.run);
    request.set_min_interval_ms(static_cast<std::uint32_t>(options_.interval.count()));
    request.set_after_round(std::max(options_.after_round, progress_.last_taken()));
    return client_.Watch(
        request, [this](const v1::WatchResponse& message) { return On(message); },
        options_.deadline);
  }

  Status On(const v1::WatchResponse& message) {
    heard_ = true;
    progress_.Apply(message);
    if (std::exchange(noticed_, false)) view_.Notice("");
    const std::vector<v1::RoundSummary> finished = progress_.TakeFinished(/*all=*/Replaced());
    return view_.Update(progress_, finished) ? OkStatus() : Cancelled("nobody reads the output");
  }

  // The call ends by itself after the run's last evaluation; an ended run without one to wait for
  // needs no more.
  bool Ended() const { return progress_.ended(); }
  bool Replaced() const { return progress_.status().run().run() > options_.run; }
  bool Overdue(const Status& status) const {
    if (!options_.deadline.has_value()) return false;
    return status.code() == StatusCode::kDeadlineExceeded || clock_.Now() >= *options_.deadline;
  }

  Result<RunProgress> Outcome() {
    view_.Update(progress_, progress_.TakeFinished(/*all=*/true));
    if (progress_.ended()) return std::move(progress_);
    return FailedPrecondition(
        "run {} is over and run {} has begun; see 'fedctl rounds list --run {}'", options_.run,
        progress_.status().run().run(), options_.run);
  }

  AdminClient& client_;
  const FollowOptions& options_;
  ProgressView& view_;
  const Clock& clock_;
  RunProgress progress_;
  bool heard_ = false;
  bool noticed_ = false;
};

}  // namespace

Duration Pauses::Next() { return std::exchange(next_, std::min(next_ * 2, kLongest)); }

bool SleepFor(Duration duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

bool WorthRetrying(const Status& status) {
  switch (status.code()) {
    case StatusCode::kUnavailable:
    case StatusCode::kResourceExhausted:
    case StatusCode::kAborted:
    case StatusCode::kUnknown:
    case StatusCode::kInternal:
      return true;
    default:
      return false;
  }
}

Result<RunProgress> FollowRun(AdminClient& client, const FollowOptions& options, ProgressView& view,
                              const Clock& clock, const std::stop_token& stop) {
  Result<RunProgress> result = Follower(client, options, view, clock).Run(stop);
  view.Close();
  return result;
}

}  // namespace fedge::fedctl
