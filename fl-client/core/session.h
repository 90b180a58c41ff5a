#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "fedge/client/backoff.h"
#include "fedge/client/messages.h"
#include "fedge/client/session_io.h"
#include "fedge/common/clock.h"
#include "fedge/common/random.h"
#include "fedge/common/status.h"

// One client's session as a pure function: no I/O, no clock, no lock. A session is two machines
// side by side. Its link to the coordinator goes on while it works, and its work outlives a lost
// link.
//
//   link     event                    next
//   Offline  its time has come        Joining
//   Joining  joined                   Online: a poll is open from now on, also during work
//   Joining  unreachable, id in use   Offline, with back-off; Ended after Policy's limits
//   Joining  refused                  Ended
//   Online   session unknown          Offline: joins again with the same key; the work is kept
//   Online   Gone                     Offline until the time it names; Ended if never
//   any      Shutdown                 Leaving if Online, else Ended
//   Leaving  left, or too late        Ended
//
//   work       event                     next
//   Idle       a task                    Fetching
//   Fetching   the model is there        Computing
//   Fetching   there is no way to it     Reporting
//   Computing  an update                 Uploading
//   Computing  a measurement, a failure  Reporting
//   Uploading  cut off                   Uploading: asks how far it got, and goes on there
//   Uploading  an answer                 Idle, and a new poll says so
//   Reporting  an answer                 Idle, and a new poll says so
//   any        Stop                      Idle
//   any        another task              Fetching; an open upload or report is answered before
namespace fedge::client {

struct Policy {
  Duration backoff_base{500};
  Duration backoff_cap{30'000};
  // Ends the session after so long without the coordinator; none: never.
  std::optional<Duration> reconnect_limit = {};
  Duration duplicate_id_limit{120'000};  // how long another client may hold the id
  std::uint32_t max_unknown_joins = 3;   // in a row: then the server is no coordinator
  Duration leave_limit{2'000};
  std::uint32_t max_corrupt_downloads = 3;  // of one model, before the task is reported as failed
};

// ---- Link ----
struct Offline {
  TimePoint join_at{};
};
struct Joining {
  CallId call = kNoCall;
};
struct Online {
  SessionTerms terms;
  CallId poll = kNoCall;
  TimePoint poll_at{};    // while no poll is open
  bool answered = false;  // a poll of this session was
};
struct Leaving {
  CallId call = kNoCall;
  TimePoint until{};
};
struct Ended {
  Status status;
};
using Link = std::variant<Offline, Joining, Online, Leaving, Ended>;

// ---- Work ----
struct Idle {};
struct Fetching {
  Task task;
  bool requested = false;
  TimePoint retry_at{};
  std::uint32_t corrupt = 0;
};
struct Computing {
  Task task;
  JobId job = 0;
};
struct Uploading {
  Task task;
  std::shared_ptr<const Update> update;
  CallId call = kNoCall;
  // Asks before it sends: for its turn, or because the coordinator may have some or all of it.
  bool resume = false;
  TimePoint retry_at{};
};
struct Reporting {
  Task task;
  Report report;
  CallId call = kNoCall;
  TimePoint retry_at{};
};
using Work = std::variant<Idle, Fetching, Computing, Uploading, Reporting>;

struct State {
  explicit State(std::uint64_t seed) : random(seed) {}

  Link link = Offline{};
  Work work = Idle{};
  std::optional<Task> next;  // offered while the answer to an upload or report was on its way
  Backoff link_backoff;
  Backoff work_backoff;
  std::optional<TimePoint> unreachable_since;
  std::optional<TimePoint> duplicate_since;
  std::uint32_t unknown_joins = 0;  // in a row, that the server did not know the call
  std::uint64_t last_id = 0;        // of calls and jobs
  Random random;                    // of the back-offs

  bool ended() const { return std::holds_alternative<Ended>(link); }
};

struct Step {
  State state;
  std::vector<Effect> effects;
};

// The only way a State changes. An event that belongs to no open call or job of the state is
// ignored: calls that were cancelled answer late.
Step Advance(const Policy& policy, State state, Event event, TimePoint now);

// When Advance wants its next Tick; nullopt if nothing depends on time.
std::optional<TimePoint> NextDeadline(const State& state);

// The task that is being worked on; nullptr if none.
const Task* CurrentTask(const Work& work);

// Whether a call that failed so may succeed when it is repeated.
bool IsRetriable(StatusCode code);

}  // namespace fedge::client
