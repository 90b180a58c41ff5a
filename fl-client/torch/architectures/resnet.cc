#include <string>

#include <fmt/format.h>

#include "fedge/learn/architectures/registry.h"

namespace fedge {
namespace {

using torch::jit::Module;

// Two 3x3 convolutions around a shortcut: the identity where the shape stays, else a strided 1x1
// projection.
Module BasicBlock(Layers& layers, std::int64_t in, std::int64_t out, std::int64_t stride) {
  Module block = layers.Container("BasicBlock");
  block.register_module(
      "conv1",
      layers.Conv2d(
          {.in = in, .out = out, .kernel = 3, .stride = stride, .padding = 1, .bias = false}));
  block.register_module("bn1", layers.BatchNorm2d(out));
  block.register_module(
      "conv2", layers.Conv2d({.in = out, .out = out, .kernel = 3, .padding = 1, .bias = false}));
  block.register_module("bn2", layers.BatchNorm2d(out));
  std::string shortcut = "x";
  if (in != out || stride != 1) {
    block.register_module(
        "project",
        layers.Conv2d({.in = in, .out = out, .kernel = 1, .stride = stride, .bias = false}));
    block.register_module("bn3", layers.BatchNorm2d(out));
    shortcut = "self.bn3.forward(self.project.forward(x))";
  }
  block.define(fmt::format(R"(
def forward(self, x: Tensor) -> Tensor:
  y = torch.relu(self.bn1.forward(self.conv1.forward(x)))
  y = self.bn2.forward(self.conv2.forward(y))
  return torch.relu(y + {})
)",
                           shortcut));
  return block;
}

}  // namespace

// ResNet-20 for 32x32 images (He et al. 2016, section 4.2), with projection shortcuts (option B of
// section 4.1), so that every operator is one that compression and the edge engine know.
Result<BuiltModel> BuildResnet20(Layers& layers, std::span<const std::int64_t> sizes) {
  FEDGE_RETURN_IF_ERROR(CheckNoSizes(sizes));
  Module module = layers.Container("Resnet20");
  module.register_module(
      "conv1", layers.Conv2d({.in = 3, .out = 16, .kernel = 3, .padding = 1, .bias = false}));
  module.register_module("bn1", layers.BatchNorm2d(16));
  std::string body =
      "def forward(self, x: Tensor) -> Tensor:\n"
      "  x = torch.reshape(x, [-1, 3, 32, 32])\n"
      "  x = torch.relu(self.bn1.forward(self.conv1.forward(x)))\n";
  std::int64_t channels = 16;
  for (int stage = 1; stage <= 3; ++stage) {
    const std::int64_t out = std::int64_t{8} << stage;
    for (int block = 1; block <= 3; ++block) {
      const std::string name = fmt::format("stage{}_block{}", stage, block);
      module.register_module(name, BasicBlock(layers, channels, out, channels == out ? 1 : 2));
      body += fmt::format("  x = self.{}.forward(x)\n", name);
      channels = out;
    }
  }
  module.register_module("fc", layers.Linear(channels, 10));
  module.define(
      body + "  return self.fc.forward(torch.flatten(torch.adaptive_avg_pool2d(x, [1, 1]), 1))\n");
  return BuiltModel{.module = std::move(module),
                    .inputs = {{.name = "x", .shape = {-1, 3, 32, 32}}},
                    .outputs = {{.name = "logits", .shape = {-1, 10}}}};
}

}  // namespace fedge
