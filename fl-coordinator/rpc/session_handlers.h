#pragma once

#include <cstdint>
#include <string>

#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/v1/federation.pb.h"

// What the calls of the Federation service do, but for uploads and downloads. All run on the actor
// thread.
namespace fedge {

class Actor;
class PollCall;

using JoinCall = UnaryCall<v1::JoinRequest, v1::JoinResponse>;
using LeaveCall = UnaryCall<v1::LeaveRequest, v1::LeaveResponse>;
using ReportCall = UnaryCall<v1::ReportRequest, v1::ReportResponse>;

void HandleJoin(Actor& actor, JoinCall& call);
void HandlePoll(Actor& actor, PollCall& call);
// The client's end of a poll is gone, if it is still this one.
void HandlePollCancelled(Actor& actor, const std::string& session, std::uint64_t call);
void HandleReport(Actor& actor, ReportCall& call);
void HandleLeave(Actor& actor, LeaveCall& call);

// The session with this id, heard from now. kUnauthenticated: there is none.
Result<Session*> Authenticate(Actor& actor, const std::string& session);

}  // namespace fedge
