#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>

#include "fedge/common/clock.h"
#include "fedge/common/result.h"
#include "fedge/fedctl/admin_client.h"
#include "fedge/fedctl/progress.h"
#include "fedge/fedctl/progress_view.h"

namespace fedge::fedctl {

struct FollowOptions {
  std::uint64_t run = 0;
  std::uint64_t after_round = 0;           // of earlier runs: need not be sent
  Duration interval{100};                  // between two messages
  Duration give_up_after{60'000};          // without a connection
  std::optional<TimePoint> deadline = {};  // of the whole
};

// Follows a run to its end and the evaluation of its last model, over lost connections: the run
// goes on without us. kUnavailable: no connection for give_up_after. kDeadlineExceeded: the
// deadline passed. kCancelled: `stop` was requested or nobody reads the view any more.
// kFailedPrecondition: another run began meanwhile. The view is closed in any case.
Result<RunProgress> FollowRun(AdminClient& client, const FollowOptions& options, ProgressView& view,
                              const Clock& clock, const std::stop_token& stop);

// Whether a call that failed like this may succeed when it is made again.
bool WorthRetrying(const Status& status);

// Pauses between attempts: 0.2 s, doubled each time up to 5 s. Thread-compatible.
class Pauses {
 public:
  Duration Next();
  void Reset() { next_ = kFirst; }

 private:
  static constexpr Duration kFirst{200};
  static constexpr Duration kLongest{5'000};
  Duration next_ = kFirst;
};

// Sleeps; false as soon as `stop` is requested.
bool SleepFor(Duration duration, const std::stop_token& stop);

}  // namespace fedge::fedctl
