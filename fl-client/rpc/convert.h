#pragma once

#include "fedge/client/messages.h"
#include "fedge/client/session_io.h"
#include "fedge/common/result.h"
#include "fedge/v1/federation.pb.h"

// Between client/messages.h and the wire. What comes from a coordinator is checked:
// kInvalidArgument names what is wrong.
namespace fedge::client {

v1::JoinRequest ToProto(const Profile& profile);
Result<SessionTerms> FromProto(const v1::JoinResponse& response);

Result<PollAnswer> FromProto(const v1::PollResponse& response);

v1::SubmitHeader ToHeader(const SendSubmit& submit);
Result<SubmitAnswer> FromProto(const v1::SubmitResponse& response);

v1::ReportRequest ToProto(const SendReport& report);

}  // namespace fedge::client
