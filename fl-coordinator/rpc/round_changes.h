#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "fedge/coordinator/records.h"

namespace fedge {

// The newest rounds as last saved, with the order in which they changed: what watchers have not
// seen yet. Runs on the actor thread.
class RoundChanges {
 public:
  static constexpr std::uint32_t kMaxRounds =
      512;  // far more than end between two messages to a watcher

  void Add(const RoundRecord& round) {
    rounds_[round.round] = {round, ++version_};
    if (rounds_.size() > kMaxRounds) rounds_.erase(rounds_.begin());
  }
  // Grows with every change.
  std::uint64_t version() const { return version_; }
  // Those of `run` that changed after `version` was current, oldest first.
  std::vector<RoundRecord> Since(std::uint64_t version, RunId run) const {
    std::vector<RoundRecord> changed;
    for (const auto& [id, entry] : rounds_) {
      if (entry.version > version && entry.round.run == run) changed.push_back(entry.round);
    }
    return changed;
  }

 private:
  struct Entry {
    RoundRecord round;
    std::uint64_t version = 0;
  };
  std::map<RoundId, Entry> rounds_;
  std::uint64_t version_ = 0;
};

}  // namespace fedge
