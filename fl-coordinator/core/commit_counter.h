#pragma once

#include <span>
#include <string>

#include "fedge/common/result.h"
#include "fedge/coordinator/acknowledged_mark.h"
#include "fedge/coordinator/sqlite.h"
#include "fedge/coordinator/store.h"

namespace fedge {

// Counts a database's commits, and those among them that carry an order: what an operator said, or
// what an operator was told had failed. Anything else comes about again by itself when the
// coordinator goes on from an earlier commit: clients train again, rounds are aggregated again, to
// the same bytes. Thread-compatible.
class CommitCounter {
 public:
  // As the database's rows say.
  static Result<CommitCounter> Load(sqlite::Database& database);

  const Acknowledged& done() const { return done_; }
  // What it comes to with these writes.
  CommitCounter With(std::span<const StoreWrite> writes) const;
  // For the row of meta that keeps it.
  static constexpr std::string_view kRow = "commits";
  std::string Text() const;

 private:
  // What of a run only an order changes.
  struct Word {
    RunId run = 0;
    bool failed = false;
    bool reset = false;
    bool paused = false;

    friend bool operator==(const Word&, const Word&) = default;
  };
  static Word WordOf(const RunRecord& run);

  Acknowledged done_;
  Word word_;  // of the newest run
};

}  // namespace fedge
