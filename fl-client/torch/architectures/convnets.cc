#include "fedge/learn/architectures/registry.h"

namespace fedge {
namespace {

BuiltModel ForMnist(torch::jit::Module module) {
  return {.module = std::move(module),
          .inputs = {{.name = "x", .shape = {-1, 1, 28, 28}}},
          .outputs = {{.name = "logits", .shape = {-1, 10}}}};
}

}  // namespace

// The CNN of McMahan et al. 2017, section 3: convolutions keep the size, pooling halves it.
Result<BuiltModel> BuildCnn(Layers& layers, std::span<const std::int64_t> sizes) {
  FEDGE_RETURN_IF_ERROR(CheckNoSizes(sizes));
  torch::jit::Module module = layers.Container("Cnn");
  module.register_module("conv1", layers.Conv2d({.in = 1, .out = 32, .kernel = 5, .padding = 2}));
  module.register_module("conv2", layers.Conv2d({.in = 32, .out = 64, .kernel = 5, .padding = 2}));
  module.register_module("fc1", layers.Linear(64 * 7 * 7, 512));
  module.register_module("fc2", layers.Linear(512, 10));
  module.define(R"(
def forward(self, x: Tensor) -> Tensor:
  x = torch.reshape(x, [-1, 1, 28, 28])
  x = torch.max_pool2d(torch.relu(self.conv1.forward(x)), [2, 2])
  x = torch.max_pool2d(torch.relu(self.conv2.forward(x)), [2, 2])
  x = torch.relu(self.fc1.forward(torch.flatten(x, 1)))
  return self.fc2.forward(x)
)");
  return ForMnist(std::move(module));
}

// LeNet-5 as Caffe trains it on MNIST (examples/mnist/lenet_train_test.prototxt): one rectifier,
// after fc1.
Result<BuiltModel> BuildLenet5(Layers& layers, std::span<const std::int64_t> sizes) {
  FEDGE_RETURN_IF_ERROR(CheckNoSizes(sizes));
  torch::jit::Module module = layers.Container("Lenet5");
  module.register_module("conv1", layers.Conv2d({.in = 1, .out = 20, .kernel = 5}));
  module.register_module("conv2", layers.Conv2d({.in = 20, .out = 50, .kernel = 5}));
  module.register_module("fc1", layers.Linear(50 * 4 * 4, 500));
  module.register_module("fc2", layers.Linear(500, 10));
  module.define(R"(
def forward(self, x: Tensor) -> Tensor:
  x = torch.reshape(x, [-1, 1, 28, 28])
  x = torch.max_pool2d(self.conv1.forward(x), [2, 2])
  x = torch.max_pool2d(self.conv2.forward(x), [2, 2])
  x = torch.relu(self.fc1.forward(torch.flatten(x, 1)))
  return self.fc2.forward(x)
)");
  return ForMnist(std::move(module));
}

}  // namespace fedge
