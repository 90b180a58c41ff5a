#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "fedge/common/random.h"

namespace fedge {

struct Conv2dShape {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t kernel = 0;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  bool bias = true;
};

// Makes the layers of one model as TorchScript modules with a forward. Weights and biases are
// uniform in +-1/sqrt(fan-in), as PyTorch's layers begin (He et al. 2015 with a = sqrt(5)). Throws
// what LibTorch throws; thread-compatible.
class Layers {
 public:
  explicit Layers(std::uint64_t seed);

  // x [N, in] -> [N, out]
  torch::jit::Module Linear(std::int64_t in, std::int64_t out);
  // x [N, in, H, W] -> [N, out, H', W']
  torch::jit::Module Conv2d(const Conv2dShape& shape);
  // x [N, channels, H, W]; momentum 0.1, epsilon 1e-5
  torch::jit::Module BatchNorm2d(std::int64_t channels);
  // x [N, T] int64 -> [N, T, size]
  torch::jit::Module Embedding(std::int64_t count, std::int64_t size);
  // x [N, T, in] -> [N, T, hidden], the state zero at the start of each sequence
  torch::jit::Module Lstm(std::int64_t in, std::int64_t hidden, int num_layers);
  // A module without parameters of its own: register submodules, then define forward.
  torch::jit::Module Container(const std::string& class_name);

 private:
  // Uniform in +-bound.
  at::Tensor Draw(const std::vector<std::int64_t>& shape, double bound);

  std::shared_ptr<torch::jit::CompilationUnit> unit_;
  Random random_;
};

}  // namespace fedge
