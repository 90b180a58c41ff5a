#pragma once

#include <cstddef>

#include "fedge/coordinator/phases/step_context.h"

// Evaluations of global models, which go on beside the rounds. Each evaluator works on the oldest
// one that it owes. The one that a run with `until` waits for in COMPLETED takes the run on when it
// is finished.
namespace fedge::machine {

// Whether the newest result should be evaluated: an evaluator is there, or the run waits for one.
bool WantsEvaluation(StepContext& step);
// Queues the evaluation of this completed round, over the oldest one if the queue is full.
void QueueEvaluation(StepContext& step, const RoundRecord& round);

void AddEvaluator(StepContext& step, const ClientId& client);
void RemoveEvaluator(StepContext& step, const ClientId& client);

Status OnReport(StepContext& step, const EvaluationReported& event);
Status OnReport(StepContext& step, const EvaluationFailed& event);

// Gives up evaluations that nobody works on any more. Leaves the one that a run waits for.
void ExpireEvaluations(StepContext& step);
// The run waited long enough: goes on with the reports that are in, or fails.
void EndEvaluationWait(StepContext& step);
// No run waits any more: gives up the evaluation that it waited for, unless somebody works on it.
void EndAwaited(StepContext& step);
// Starts the time of evaluations that have no evaluator, after a restart.
void ResumeEvaluations(StepContext& step);

}  // namespace fedge::machine
