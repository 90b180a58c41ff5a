#include "fedge/scenario/memory_store.h"

#include <set>

namespace fedge::testing {

void MemoryStore::Commit(std::span<const Effect> effects) {
  for (const Effect& effect : effects) {
    if (const auto* const save = std::get_if<SaveRun>(&effect)) {
      runs_[save->run.run] = save->run;
    } else if (const auto* const round = std::get_if<SaveRound>(&effect)) {
      rounds_[round->round.round] = round->round;
    } else if (const auto* const task = std::get_if<SaveTask>(&effect)) {
      tasks_[{task->task.round, task->task.client}] = task->task;
    } else if (const auto* const event = std::get_if<SaveEvent>(&effect)) {
      events_.push_back(event->event);
      events_.back().sequence = events_.size();
    } else if (const auto* const model = std::get_if<SaveModel>(&effect)) {
      model_ = model->model;
    }
  }
}

SavedState MemoryStore::Load() const {
  SavedState saved;
  saved.model = model_;
  if (!runs_.empty()) saved.run = runs_.rbegin()->second;
  std::set<RoundId> newest;
  for (auto it = rounds_.rbegin(); it != rounds_.rend() && newest.size() < 2; ++it) {
    newest.insert(it->first);
  }
  for (const auto& [id, round] : rounds_) {
    if (newest.count(id) > 0 || round.evaluation_pending) saved.rounds.push_back(round);
  }
  for (const auto& [key, task] : tasks_) {
    if (newest.count(key.first) > 0) saved.tasks.push_back(task);
  }
  return saved;
}

}  // namespace fedge::testing
