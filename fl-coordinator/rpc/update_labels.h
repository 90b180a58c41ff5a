#pragma once

#include "fedge/coordinator/run_events.h"
#include "fedge/coordinator_rpc/metrics.h"

namespace fedge {

// What a decided update is counted as.
inline UpdateLabels LabelsOf(const AnswerUpdate& answer) {
  return {.outcome = Name(answer.outcome), .reason = Name(answer.refusal)};
}
// The task that it names is none of its client.
inline constexpr UpdateLabels kUnaskedUpdate = {.outcome = "refused", .reason = "round"};
// The client reported that it has no update.
inline constexpr UpdateLabels kFailedUpdate = {.outcome = "failed", .reason = ""};

}  // namespace fedge
