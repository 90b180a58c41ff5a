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
std::string NotAsked(const ClientId& client, RoundId round);
// Why an update is refused; never empty.
std::string RefusalOf(const UpdateRefused& event);
// A client's result as it is kept: a duration that is no duration becomes 0.
TrainResult Sanitized(TrainResult result);
// Why the result can't be accepted; empty if it can.
std::string ProblemOf(const TrainResult& result);

}  // namespace fedge::machine
