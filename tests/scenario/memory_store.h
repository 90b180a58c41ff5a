#pragma once

#include <map>
#include <span>
#include <utility>
#include <vector>

#include "fedge/coordinator/restore.h"
#include "fedge/coordinator/run_machine.h"

namespace fedge::testing {

// A store that keeps exactly what the Save effects bring it, and nothing else. Thread-compatible.
class MemoryStore {
 public:
  explicit MemoryStore(ModelRef model) : model_(std::move(model)) {}

  void Commit(std::span<const Effect> effects);
  // What a real store hands out after a restart: no more than SavedState asks for.
  SavedState Load() const;

  const std::vector<EventRecord>& events() const { return events_; }
  const std::map<RoundId, RoundRecord>& rounds() const { return rounds_; }
  const std::map<std::pair<RoundId, ClientId>, TaskRecord>& tasks() const { return tasks_; }

 private:
  std::map<RunId, RunRecord> runs_;
  std::map<RoundId, RoundRecord> rounds_;
  std::map<std::pair<RoundId, ClientId>, TaskRecord> tasks_;
  std::vector<EventRecord> events_;
  ModelRef model_;
};

}  // namespace fedge::testing
