#include "fedge/learn/architectures/layers.h"

#include <cmath>

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

namespace fedge {
namespace {

using torch::jit::Module;

void AddParameter(Module& module, const std::string& name, at::Tensor value) {
  module.register_parameter(name, value.requires_grad_(true), /*is_buffer=*/false);
}

}  // namespace

Layers::Layers(std::uint64_t seed)
    : unit_(std::make_shared<torch::jit::CompilationUnit>()),
      random_(CombineSeeds(seed, HashName("weights"))) {}

Module Layers::Container(const std::string& class_name) {
  Module module(c10::QualifiedName("__torch__.fedge." + class_name), unit_, /*shouldMangle=*/true);
  module.register_attribute("training", c10::BoolType::get(), true);
  return module;
}

at::Tensor Layers::Draw(const std::vector<std::int64_t>& shape, double bound) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  float* const values = tensor.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    values[i] = static_cast<float>((2 * random_.Uniform() - 1) * bound);
  }
  return tensor;
}

Module Layers::Linear(std::int64_t in, std::int64_t out) {
  Module module = Container("Linear");
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  AddParameter(module, "weight", Draw({out, in}, bound));
  AddParameter(module, "bias", Draw({out}, bound));
  module.define(R"(
def forward(self, x: Tensor) -> Tensor:
  return torch.linear(x, self.weight, self.bias)
)");
  return module;
}

Module Layers::Conv2d(const Conv2dShape& shape) {
  Module module = Container("Conv2d");
  const double bound = 1 / std::sqrt(static_cast<double>(shape.in * shape.kernel * shape.kernel));
  AddParameter(module, "weight", Draw({shape.out, shape.in, shape.kernel, shape.kernel}, bound));
  if (shape.bias) AddParameter(module, "bias", Draw({shape.out}, bound));
  module.define(fmt::format(R"(
def forward(self, x: Tensor) -> Tensor:
  return torch.conv2d(x, self.weight, {bias}, [{stride}, {stride}], [{padding}, {padding}])
)",
                            fmt::arg("bias", shape.bias ? "self.bias" : "None"),
                            fmt::arg("stride", shape.stride), fmt::arg("padding", shape.padding)));
  return module;
}

Module Layers::BatchNorm2d(std::int64_t channels) {
  Module module = Container("BatchNorm2d");
  AddParameter(module, "weight", at::ones({channels}));
  AddParameter(module, "bias", at::zeros({channels}));
  module.register_buffer("running_mean", at::zeros({channels}));
  module.register_buffer("running_var", at::ones({channels}));
  module.register_buffer("num_batches_tracked", at::zeros({}, at::kLong));
  module.define(R"(
def forward(self, x: Tensor) -> Tensor:
  if self.training:
    self.num_batches_tracked.add_(1)
  return torch.batch_norm(x, self.weight, self.bias, self.running_mean, self.running_var, self.training, 0.1, 1e-05, True)
)");
  return module;
}

Module Layers::Embedding(std::int64_t count, std::int64_t size) {
  Module module = Container("Embedding");
  // Unit variance, as PyTorch's normal draw has, from operations that round alike on every machine.
  AddParameter(module, "weight", Draw({count, size}, std::sqrt(3.0)));
  module.define(R"(
def forward(self, x: Tensor) -> Tensor:
  return torch.embedding(self.weight, x)
)");
  return module;
}

Module Layers::Lstm(std::int64_t in, std::int64_t hidden, int num_layers) {
  Module module = Container("LSTM");
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  std::string weights;
  for (int layer = 0; layer < num_layers; ++layer) {
    const std::int64_t layer_in = layer == 0 ? in : hidden;
    AddParameter(module, fmt::format("weight_ih_l{}", layer), Draw({4 * hidden, layer_in}, bound));
    AddParameter(module, fmt::format("weight_hh_l{}", layer), Draw({4 * hidden, hidden}, bound));
    AddParameter(module, fmt::format("bias_ih_l{}", layer), Draw({4 * hidden}, bound));
    AddParameter(module, fmt::format("bias_hh_l{}", layer), Draw({4 * hidden}, bound));
    weights += fmt::format(
        "{0}self.weight_ih_l{1}, self.weight_hh_l{1}, self.bias_ih_l{1}, self.bias_hh_l{1}",
        layer == 0 ? "" : ", ", layer);
  }
  module.define(fmt::format(R"(
def forward(self, x: Tensor) -> Tensor:
  zero = torch.zeros([{layers}, x.size(0), {hidden}], dtype=x.dtype, device=x.device)
  weights = [{weights}]
  output, h, c = torch.lstm(x, [zero, zero], weights, True, {layers}, 0., self.training, False, True)
  return output
)",
                            fmt::arg("layers", num_layers), fmt::arg("hidden", hidden),
                            fmt::arg("weights", weights)));
  return module;
}

}  // namespace fedge
