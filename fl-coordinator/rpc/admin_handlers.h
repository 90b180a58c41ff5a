#pragma once

#include "fedge/coordinator/store.h"
#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/v1/admin.pb.h"

// What the unary calls of the Admin service do.
namespace fedge {

class Actor;

// ---- On the actor thread ----
void HandleStartRun(Actor& actor, UnaryCall<v1::StartRunRequest, v1::StartRunResponse>& call);
void HandleGetStatus(Actor& actor, UnaryCall<v1::GetStatusRequest, v1::CoordinatorStatus>& call);
void HandleListClients(Actor& actor,
                       UnaryCall<v1::ListClientsRequest, v1::ListClientsResponse>& call);
void HandleGetClient(Actor& actor, UnaryCall<v1::GetClientRequest, v1::GetClientResponse>& call);
void HandleAbortRun(Actor& actor, UnaryCall<v1::AbortRunRequest, v1::AbortRunResponse>& call);
void HandleReset(Actor& actor, UnaryCall<v1::ResetRequest, v1::ResetResponse>& call);
void HandlePauseRun(Actor& actor, UnaryCall<v1::PauseRunRequest, v1::PauseRunResponse>& call);
void HandleResumeRun(Actor& actor, UnaryCall<v1::ResumeRunRequest, v1::ResumeRunResponse>& call);
void HandleRollBack(Actor& actor, UnaryCall<v1::RollBackRequest, v1::RollBackResponse>& call);

// ---- On any thread ----
Status ListRounds(Store& store, const v1::ListRoundsRequest& request,
                  v1::ListRoundsResponse& response);
Status GetRound(Store& store, const v1::GetRoundRequest& request, v1::GetRoundResponse& response);

}  // namespace fedge
