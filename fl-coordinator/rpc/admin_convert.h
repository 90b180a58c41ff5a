#pragma once

#include "fedge/common/result.h"
#include "fedge/coordinator/records.h"
#include "fedge/v1/admin.pb.h"

namespace fedge {

// Between the coordinator's records and what an operator sees.

v1::RunPlan ToProto(const RunPlan& plan);
v1::RunStatus ToProto(const RunRecord& run);
v1::RoundSummary ToProto(const RoundRecord& round);
v1::TaskInfo ToProto(const TaskRecord& task);
// Without the state, which is not a matter of record.
v1::ClientInfo ToProto(const ClientRecord& client);
v1::Event ToProto(const EventRecord& event);
v1::Phase ToProto(PhaseName phase);
v1::Role ToProto(Role role);

// Fields at zero that cannot be meant take their defaults: over_select and learning_rate_decay 1,
// deadlines and optimizer as in RunPlan. Whether the plan makes sense is ValidatePlan's to say.
// kInvalidArgument: a number is not finite or out of range.
Result<RunPlan> FromProto(const v1::RunPlan& plan);

}  // namespace fedge
