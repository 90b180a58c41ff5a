#pragma once

#include <optional>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator/run_machine.h"

namespace fedge {

// What a store has to hand out after a restart: the newest version of each record that SaveRun,
// SaveRound, SaveTask and SaveModel brought it. Nothing else is needed to go on.
struct SavedState {
  std::optional<RunRecord> run;  // the newest
  // The newest two, and every one with evaluation_pending; in any order.
  std::vector<RoundRecord> rounds;
  std::vector<TaskRecord> tasks;  // of the newest two rounds; in any order
  ModelRef model;                 // the newest global model
};

// The machine's state as of the last saved step, without members: hand it to Resume. Pure; linear
// in the records. kDataLoss: the records contradict each other; the message says which.
Result<State> RestoreState(SavedState saved);

}  // namespace fedge
