#include <algorithm>
#include <array>
#include <set>

#include "fedge/engine/passes/pass.h"

namespace fedge::internal {
namespace {

constexpr std::array kPasses = {
    Pass{"remove_no_ops", RemoveNoOps},
    Pass{"fold_constants", FoldConstants},
    Pass{"find_activations", FindActivations},
    Pass{"matmul_to_linear", MatMulToLinear},
    Pass{"fold_batch_norm", FoldBatchNorm},
    Pass{"fold_pad", FoldPad},
    Pass{"fuse_bias", FuseBias},
    Pass{"fold_batch_norm", FoldBatchNorm},  // behind a bias that was an addition
    // What follows a product in any order: activation, sum, activation (a residual block's).
    Pass{"fuse_activation", FuseActivation},
    Pass{"fuse_residual", FuseResidual},
    Pass{"fuse_activation", FuseActivation},
    Pass{"channels_last", ChannelsLast},
    Pass{"fold_flatten", FoldFlatten},
};

}  // namespace

std::span<const Pass> AllPasses() { return kPasses; }

Status RunPasses(Graph& graph, Providers providers, std::span<const std::string> disabled) {
  std::set<std::string_view> names;
  for (const Pass& pass : kPasses) names.insert(pass.name);
  for (const std::string& name : disabled) {
    if (!names.contains(name)) {
      return InvalidArgument("there is no pass '{}'; there are {}", name, fmt::join(names, ", "));
    }
  }
  for (const Pass& pass : kPasses) {
    if (std::find(disabled.begin(), disabled.end(), pass.name) == disabled.end()) {
      pass.run(graph, providers);
    }
  }
  return OkStatus();
}

bool TakesPostOps(const Op& op) {
  return std::holds_alternative<op::Conv>(op) || std::holds_alternative<op::Linear>(op) ||
         std::holds_alternative<op::MatMul>(op);
}

}  // namespace fedge::internal
