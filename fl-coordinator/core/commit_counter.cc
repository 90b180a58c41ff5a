#include "fedge/coordinator/commit_counter.h"

#include <algorithm>
#include <charconv>

#include "fedge/coordinator/rows.h"

namespace fedge {
namespace {

// A model that no round of the same commit has made: an operator went back to it.
bool IsRollBack(const ModelRef& model, std::span<const StoreWrite> writes) {
  return std::none_of(writes.begin(), writes.end(), [&](const StoreWrite& write) {
    const auto* save = std::get_if<SaveRound>(&write);
    return save != nullptr && save->round.model.digest == model.digest;
  });
}

}  // namespace

CommitCounter::Word CommitCounter::WordOf(const RunRecord& run) {
  return {.run = run.run,
          .failed = run.ended && !run.error.empty(),
          .reset = run.reset,
          .paused = run.paused};
}

Result<CommitCounter> CommitCounter::Load(sqlite::Database& database) {
  CommitCounter counter;
  FEDGE_ASSIGN_OR_RETURN(auto meta, database.Prepare(SelectSql<MetaRow>("WHERE name = ?")));
  meta.BindText(0, kRow);
  FEDGE_ASSIGN_OR_RETURN(const auto rows, ReadRows<MetaRow>(meta));
  if (!rows.empty()) {
    const std::string& text = rows.front().value;
    const char* const end = text.data() + text.size();
    const auto commits = std::from_chars(text.data(), end, counter.done_.commits);
    if (commits.ptr != end) std::from_chars(commits.ptr + 1, end, counter.done_.orders);
  }
  FEDGE_ASSIGN_OR_RETURN(auto newest,
                         database.Prepare(SelectSql<RunRecord>("ORDER BY run DESC LIMIT 1")));
  FEDGE_ASSIGN_OR_RETURN(const auto runs, ReadRows<RunRecord>(newest));
  if (!runs.empty()) counter.word_ = WordOf(runs.front());
  return counter;
}

CommitCounter CommitCounter::With(std::span<const StoreWrite> writes) const {
  CommitCounter counter = *this;
  ++counter.done_.commits;
  for (const StoreWrite& write : writes) {
    if (const auto* run = std::get_if<SaveRun>(&write)) {
      const Word word = WordOf(run->run);
      if (word == counter.word_) continue;
      counter.word_ = word;
      ++counter.done_.orders;
    } else if (const auto* model = std::get_if<SaveModel>(&write)) {
      if (IsRollBack(model->model, writes)) ++counter.done_.orders;
    }
  }
  return counter;
}

std::string CommitCounter::Text() const {
  return fmt::format("{} {}", done_.commits, done_.orders);
}

}  // namespace fedge
