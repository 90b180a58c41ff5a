#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "fedge/common/status.h"
#include "fedge/engine/graph.h"

namespace fedge::internal {

using Providers = std::span<const std::shared_ptr<const KernelProvider>>;

// One way to make a graph faster that leaves what it computes as it is (but for rounding, where
// constants are multiplied into each other). A graph without any pass runs as well.
struct Pass {
  std::string_view name;
  void (*run)(Graph& graph, Providers providers);
};

// In the order in which they run; a name may stand there twice.
std::span<const Pass> AllPasses();

// All but those called `disabled`. kInvalidArgument: a name that is not there; says which are.
Status RunPasses(Graph& graph, Providers providers, std::span<const std::string> disabled);

// Each in the file of its name.
void RemoveNoOps(Graph& graph, Providers providers);
void FoldConstants(Graph& graph, Providers providers);
void FindActivations(Graph& graph, Providers providers);
void MatMulToLinear(Graph& graph, Providers providers);
void FoldBatchNorm(Graph& graph, Providers providers);
void FoldPad(Graph& graph, Providers providers);
void FuseBias(Graph& graph, Providers providers);
void FuseActivation(Graph& graph, Providers providers);
void FuseResidual(Graph& graph, Providers providers);
void ChannelsLast(Graph& graph, Providers providers);
void FoldFlatten(Graph& graph, Providers providers);

// What takes post-ops: convolutions, linear layers, matrix products.
bool TakesPostOps(const Op& op);

}  // namespace fedge::internal
