#pragma once

#include "fedge/common/result.h"
#include "fedge/program/ops.h"
#include "fedge/v1/program.pb.h"

// Operators between fedge/program/ops.h and program.proto.
namespace fedge::internal {

void OpToProto(const Op& op, v1::Node& node);
// kUnimplemented for an operator, or a kind of one, that is not known here.
Result<Op> OpFromProto(const v1::Node& node);

v1::DType ToProto(DType dtype);
Result<DType> FromProto(v1::DType dtype);

}  // namespace fedge::internal
