#include <array>
#include <string>

#include <fmt/format.h>

#include "fedge/learn/architectures/registry.h"

namespace fedge {

// Linear layers fc1, fc2 ... with rectifiers in between. Takes [N, ...] of sizes[0] numbers per
// example.
Result<BuiltModel> BuildMlp(Layers& layers, std::span<const std::int64_t> sizes) {
  if (sizes.size() < 2)
    return InvalidArgument("it needs the sizes of its input and output at least: mlp:64,10");
  torch::jit::Module module = layers.Container("Mlp");
  std::string body = "def forward(self, x: Tensor) -> Tensor:\n  x = torch.flatten(x, 1)\n";
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    module.register_module(fmt::format("fc{}", i), layers.Linear(sizes[i - 1], sizes[i]));
    if (i > 1) body += "  x = torch.relu(x)\n";
    body += fmt::format("  x = self.fc{}.forward(x)\n", i);
  }
  module.define(body + "  return x\n");
  return BuiltModel{.module = std::move(module),
                    .inputs = {{.name = "x", .shape = {-1, sizes.front()}}},
                    .outputs = {{.name = "logits", .shape = {-1, sizes.back()}}}};
}

// The 2NN of McMahan et al. 2017, section 3.
Result<BuiltModel> BuildTwoHiddenLayers(Layers& layers, std::span<const std::int64_t> sizes) {
  FEDGE_RETURN_IF_ERROR(CheckNoSizes(sizes));
  return BuildMlp(layers, std::array<std::int64_t, 4>{784, 200, 200, 10});
}

// LeNet-300-100 (LeCun et al. 1998, section III.C.4).
Result<BuiltModel> BuildLenet300(Layers& layers, std::span<const std::int64_t> sizes) {
  FEDGE_RETURN_IF_ERROR(CheckNoSizes(sizes));
  return BuildMlp(layers, std::array<std::int64_t, 4>{784, 300, 100, 10});
}

}  // namespace fedge
