#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fedge/client/mailbox.h"
#include "fedge/client/model_cache.h"
#include "fedge/client/reporter.h"
#include "fedge/client/session.h"
#include "fedge/client/transport.h"
#include "fedge/client/update_budget.h"
#include "fedge/client/worker_pool.h"
#include "fedge/common/clock.h"

namespace fedge::client {

struct RuntimeOptions {
  Policy policy;
  std::string coordinator;   // HOST:PORT, for messages
  std::string cache_folder;  // where global models are kept while they are in use
  // Of updates that are being made or wait for their answer; there is room for two per worker in
  // any case.
  std::uint64_t max_update_bytes = std::uint64_t{64} << 20;
  std::uint64_t seed = 1;  // of the back-offs
  LogSink log;             // empty: log::Write
};

// All clients of a process: the actor that feeds their sessions and performs what they ask for.
// Thread-compatible; the thread that calls Run is the actor thread. Stop it from elsewhere by
// posting StopRequested to the mailbox.
class Runtime {
 public:
  // What the runtime works with and does not own: `transport` was made for the same profiles and
  // posts to the same mailbox.
  struct Surroundings {
    Transport& transport;
    Mailbox& mailbox;
    const Clock& clock;  // steady: back-offs do not follow a correction of the wall clock
  };
  Runtime(RuntimeOptions options, const std::vector<Profile>& profiles, Surroundings surroundings,
          std::vector<std::unique_ptr<Trainer>> trainers);

  // Until every session has ended. OK if all ended well, else how the first did that did not.
  Status Run();

  // One turn: waits at most `limit` for a message or a deadline, then handles everything that is
  // there.
  void Turn(std::optional<Duration> limit);
  bool done() const { return num_ended_ == sessions_.size(); }

 private:
  struct Session {
    std::string id;
    State state;
    std::optional<TimePoint> deadline;  // as it stands in deadlines_
  };
  struct WaitingJob {
    std::size_t client;
    StartJob job;
  };

  void Handle(Message message);
  void Feed(std::size_t client, Event event);
  void Perform(std::size_t client, Effect effect);
  void Fetch(std::size_t client, const FetchModel& fetch);
  void DispatchJobs();
  bool Dispatch(std::size_t client, const StartJob& job);
  void Reschedule(std::size_t client);
  void TickDueSessions();
  std::optional<TimePoint> NextDeadline() const;

  RuntimeOptions options_;
  Surroundings surroundings_;
  TimePoint now_;
  std::vector<Session> sessions_;
  std::set<std::pair<TimePoint, std::size_t>> deadlines_;
  std::deque<SessionEvent> inbox_;  // events that effects gave rise to
  std::vector<Message> batch_;
  ModelCache models_;
  UpdateBudget budget_;
  Reporter reporter_;
  std::deque<WaitingJob> waiting_jobs_;
  std::size_t num_ended_ = 0;
  bool stopping_ = false;
  Status first_failure_;
  WorkerPool workers_;  // last: its threads post until it is gone
};

}  // namespace fedge::client
