#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "fedge/common/clock.h"
#include "fedge/common/status.h"
#include "fedge/coordinator/records.h"

namespace fedge {

class Actor;
class WatchReactor;

// The open Watch calls. Each gets the status when something changed, at most once per its interval,
// and never while its last message is still being written. Runs on the actor thread; a call in here
// is finished by whoever takes it out.
class Watchers {
 public:
  struct Options {
    RunId run = 0;            // 0: there is none yet
    RoundId after_round = 0;  // rounds up to this one are not sent
    Duration min_interval{0};
  };

  void Add(std::uint64_t id, WatchReactor* reactor, const Options& options);
  // The call's message is written; or, if not `ok`, nobody reads any more.
  void Written(std::uint64_t id, bool ok);
  // The reader went away.
  void Cancelled(std::uint64_t id);

  // The state may have changed.
  void Touch() { ++changes_; }
  // Sends what is due; ends calls whose run is over.
  void Update(Actor& actor);
  // When Update has something to do without a change; nullopt: it does not.
  std::optional<TimePoint> NextDeadline() const;
  // Ends every call, those that write once they have written.
  void FinishAll(const Status& status);
  std::size_t size() const { return watchers_.size(); }

 private:
  struct Watcher {
    WatchReactor* reactor = nullptr;
    Options options;
    bool writing = false;
    std::optional<Status> ending{};  // set: the call ends so once nothing is being written
    std::uint64_t seen_change = 0;   // of changes_
    std::uint64_t seen_version = 0;  // of RoundChanges
    TimePoint next_send{};
    std::optional<TimePoint> end{};  // of the wait for the last evaluation
  };
  bool WantsMessage(const Actor& actor, const Watcher& watcher) const;
  void NoteEnd(const Actor& actor, Watcher& watcher) const;
  bool IsOver(const Actor& actor, const Watcher& watcher) const;

  std::map<std::uint64_t, Watcher> watchers_;
  std::uint64_t changes_ = 1;
};

}  // namespace fedge
