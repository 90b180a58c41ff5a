#pragma once

#include <functional>
#include <map>
#include <string>

#include "fedge/coordinator/phases/step_context.h"

// Rounds that take no updates any more.
namespace fedge::machine {

// Withdraws the tasks that are open and keeps the cohort, for what still arrives.
void CloseRound(StepContext& step, const RoundRecord& round, std::map<ClientId, TaskRecord> tasks);

// Applies `change` to every copy of the round's record, and saves it. False, and nothing happens,
// for a round that the state has no record of or that is not closed.
bool AmendClosed(StepContext& step, RoundId round, const std::function<void(RoundRecord&)>& change,
                 bool save = true);

// Answers an update for a round that is not in TRAINING. For the newest closed round it is counted
// as late, surplus or refused, once per client; older rounds are answered only.
void AnswerClosed(StepContext& step, const UpdateReceived& event);
void AnswerClosed(StepContext& step, const UpdateRefused& event);

// Why an update of a client outside the cohort is refused.
Refusal NotAsked(const ClientId& client, RoundId round);
// The answer to an update for a task that has been answered before, unless it repeats that update.
Refusal AnsweredBefore(const TaskRecord& task);
// Why an update is refused, with a reason that a log can take.
Refusal RefusalOf(const UpdateRefused& event);
// A refusal in the log.
std::string Described(const Refusal& refusal);
// Answers an update of a client without an open task, and logs the first one of each client.
void RefuseWithoutTask(StepContext& step, RoundId round, const ClientId& client,
                       const Refusal& refusal);
// A client's result as it is kept: a duration that is no duration becomes 0.
TrainResult Sanitized(TrainResult result);

}  // namespace fedge::machine
