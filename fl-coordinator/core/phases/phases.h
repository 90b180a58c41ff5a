#pragma once

#include <string>

#include "fedge/common/status.h"
#include "fedge/coordinator/phases/step_context.h"
#include "fedge/coordinator/run_machine.h"

// One file per phase: how it is entered, and what each event does in it. What an event does in any
// phase is in members.h, evaluations.h and closed_round.h.
namespace fedge::machine {

// An event in a phase. May replace the phase: `phase` is gone then.
Status On(StepContext& step, Initializing& phase, const Event& event);
Status On(StepContext& step, Training& phase, const Event& event);
Status On(StepContext& step, Aggregating& phase, const Event& event);
Status On(StepContext& step, Completed& phase, const Event& event);
Status On(StepContext& step, Failed& phase, const Event& event);

// The events that every phase takes alike; the rest is refused.
Status OnInAnyPhase(StepContext& step, const Event& event);
// The active run is not paused any more.
void EndPause(StepContext& step);
// In COMPLETED and ERROR.
Status OnRollBack(StepContext& step, const RollBack& event);
// kFailedPrecondition: why the event does not fit the phase, and what does.
Status Refuse(const State& state, const Event& event);

// To INITIALIZING of the active run's next round, and on to TRAINING if its whole cohort is there.
void BeginRound(StepContext& step);
// From INITIALIZING to TRAINING, with the candidates that are there.
void BeginTraining(StepContext& step);
// From TRAINING to AGGREGATING: the set of accepted updates is fixed.
void BeginAggregating(StepContext& step);
// An accepted update is gone: its task is open again, with all the time that a round has. From
// AGGREGATING back to TRAINING. The round before is forgotten: what comes late for it is answered
// as for any older one. kNotFound if the round has no accepted update of this client.
Status ReopenTask(StepContext& step, Training& phase, const UpdateLost& event);
Status ReopenTask(StepContext& step, Aggregating& phase, const UpdateLost& event);
// From AGGREGATING to COMPLETED, and on if the run goes on.
void CompleteRound(StepContext& step, const ModelRef& model);
// From COMPLETED to the next round of the run, or to rest at its end. Precondition: nothing is
// waited for any more.
void ContinueRun(StepContext& step);

enum class Retry { kIfLeft, kNever };
// From INITIALIZING, TRAINING or AGGREGATING: the round failed. To a new round if the run may
// retry, or else to ERROR.
void FailRound(StepContext& step, std::string reason, Retry retry);
// From any phase of an active run to ERROR.
void FailRun(StepContext& step, std::string reason);
// What AbortRun says, for a reason that an operator may have left empty.
std::string AbortReason(const AbortRun& event);

}  // namespace fedge::machine
