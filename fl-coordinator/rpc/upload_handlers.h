#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "fedge/common/result.h"
#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/coordinator_rpc/upload.h"
#include "fedge/v1/federation.pb.h"

// What the actor decides about updates on their way in; the streams themselves run on the RPC
// threads. All of these run on the actor thread.
namespace fedge {

class Actor;
class SubmitReactor;
struct Session;
struct TaskId;

using UploadStatusCall = UnaryCall<v1::UploadStatusRequest, v1::UploadStatusResponse>;

// Checks the header against session, task, model and bounds, before any byte of the payload is
// taken.
void BeginUpload(Actor& actor, SubmitReactor& reactor);
// The payload is in the spool and good.
void FinishUpload(Actor& actor, SubmitReactor& reactor, const Extent& extent);
// The payload is bad; nothing of it is kept.
void RefuseUpload(Actor& actor, SubmitReactor& reactor, Refusal refusal);
// The client found its update not finite and did not send it: as if it had.
Status RefuseUnsent(Actor& actor, Session& session, const TaskId& task, std::string reason);
// The stream was overtaken: by another one of the same task, or by the end of the round.
void ResolveInterruptedUpload(Actor& actor, SubmitReactor& reactor);

void HandleUploadStatus(Actor& actor, UploadStatusCall& call);

}  // namespace fedge
