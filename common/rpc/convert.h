#pragma once

#include <string>
#include <string_view>

#include "fedge/common/hash.h"
#include "fedge/common/result.h"
#include "fedge/common/training.h"
#include "fedge/v1/federation.pb.h"

namespace fedge {

// Between common/training.h and the wire. FromProto checks that a value is what the structs say it
// may be: kInvalidArgument names the field and its value.

v1::TrainConfig ToProto(const TrainConfig& config);
v1::Metrics ToProto(const Metrics& metrics);
v1::TrainResult ToProto(const TrainResult& result);

// Counts and rates are finite and not negative; epochs and batch_size may be 0. The optimizer's
// name is the trainer's to judge.
Result<TrainConfig> FromProto(const v1::TrainConfig& config);
// The loss may be any number, NaN too: a model may diverge. The accuracy is NaN or in [0, 1].
Result<Metrics> FromProto(const v1::Metrics& metrics);
// The weight is in (0, kMaxWeight].
Result<TrainResult> FromProto(const v1::TrainResult& result);

// A digest is 32 bytes on the wire.
std::string ToBytes(const Digest& digest);
Result<Digest> DigestFromBytes(std::string_view bytes);

// "not-finite" for REFUSAL_NOT_FINITE, "" for none; "refusal-99" for one that is not known here.
std::string RefusalName(v1::Refusal refusal);

v1::ContentRef ToContentRef(const Digest& digest, std::uint64_t size);

}  // namespace fedge
