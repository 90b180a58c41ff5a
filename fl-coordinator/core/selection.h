#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "fedge/coordinator/records.h"
#include "fedge/coordinator/run_state.h"

namespace fedge {

// How many clients a round is offered to: ceil(over_select * N).
std::uint32_t CohortSize(const RunPlan& plan);
// How many candidates a round begins with at least: M, or N if the plan names none.
std::uint32_t QuorumToBegin(const RunPlan& plan);
// How many accepted updates a round ends with at least: M, or ceil(N / 2) if the plan names none.
std::uint32_t QuorumToEnd(const RunPlan& plan);

// Whether a member could be selected: a trainer that carries every label that the plan asks for.
bool IsCandidate(const RunPlan& plan, const Member& member);

// What a draw depends on, and nothing else: not the order of joining, not earlier draws.
struct Draw {
  std::uint64_t seed = 0;          // of the run
  std::uint32_t index_in_run = 1;  // of the round
  std::uint32_t retry = 0;         // how many retries the run has used
};

// The cohort of a round: CohortSize candidates, all if there are fewer, by client id. Each
// candidate gets a rank by hashing the draw and its id, and the first ones are taken: uniform
// without replacement. O(n).
std::vector<ClientId> SelectCohort(const std::map<ClientId, Member>& members, const RunPlan& plan,
                                   const Draw& draw);

// The configuration of the round with this index in its run: learning rate lr * decay^(index - 1),
// a seed of its own. A retry of a round trains as the round would have.
TrainConfig TrainConfigOf(const RunPlan& plan, std::uint32_t index_in_run);

}  // namespace fedge
