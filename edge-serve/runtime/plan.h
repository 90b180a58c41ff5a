#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fedge/engine/constant.h"
#include "fedge/engine/graph.h"
#include "fedge/engine/kernel.h"
#include "fedge/engine/pack_cache.h"
#include "fedge/engine/passes/pass.h"

namespace fedge::internal {

// What memory a tensor of a plan lies in.
enum class Memory : std::uint8_t { kArena, kInput, kOutput, kConstant };

struct PlannedView {
  Memory memory = Memory::kArena;
  std::uint32_t port = 0;               // which input or output
  std::int64_t offset = 0;              // in bytes
  const std::byte* constant = nullptr;  // its first byte; nullptr also for what a kernel packed
  bool absent = false;
  DType dtype = DType::kFloat32;
  Region region;
};

struct Step {
  std::unique_ptr<const Kernel> kernel;
  std::size_t first_view = 0;  // inputs, then outputs
  std::size_t num_inputs = 0;
  std::size_t num_outputs = 0;
  std::size_t scratch_offset = 0;  // in the arena
  std::size_t scratch_bytes = 0;
  std::size_t node = 0;  // of the graph, for messages
};

// A graph made ready for one batch: kernels in order, and where in memory each tensor lies.
// Immutable and thread-safe: any number of contexts run it at once, each over its own arena.
struct Plan {
  std::int64_t batch = 0;
  std::vector<Step> steps;
  std::vector<PlannedView> views;
  std::vector<Constant::Bytes> held;  // constants that kernels read while running
  std::size_t arena_bytes = 0;        // 64-byte alignment
  std::vector<std::size_t> input_bytes;
  std::vector<std::size_t> output_bytes;
};

struct PlanOptions {
  std::int64_t batch = 1;
  std::uint64_t max_arena_bytes = 0;
};

// kUnimplemented: no provider has a kernel for a node; kResourceExhausted: the arena would be
// larger than allowed. Both name the node.
Result<std::shared_ptr<const Plan>> BuildPlan(const Graph& graph, Providers providers,
                                              PackCache& packs, const PlanOptions& options);

// "node 3 (conv 'layer1.0.conv1')".
std::string NodeText(const Graph& graph, std::size_t node);

}  // namespace fedge::internal
