// The portable kernels' products and convolutions beside LibTorch's, one thread, channels-last,
// batch 1. Each pair of lines is one shape; LibTorch prints its own time first.
//
//   kernels_benchmark --benchmark_filter=conv

#include <cstddef>
#include <memory>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include "fedge/engine/portable/provider.h"

namespace fedge {
namespace {

TensorView View(const at::Tensor& tensor, bool with_data = true) {
  auto* const data = static_cast<std::byte*>(tensor.mutable_data_ptr());
  return {with_data ? data : nullptr,
          DType::kFloat32,
          {tensor.sizes().data(), tensor.sizes().size()},
          {tensor.strides().data(), tensor.strides().size()}};
}

void RunPortable(benchmark::State& state, const Op& op, const at::Tensor& x, const at::Tensor& w,
                 const at::Tensor& bias, const at::Tensor& y) {
  const Node node{op, {0, 1, 2}, {3}, "", ""};
  const std::vector<TensorView> made = {View(x, false), View(w), View(bias)};
  const std::vector<TensorView> inputs = {View(x), View(w), View(bias)};
  const TensorView output = View(y), output_made = View(y, false);
  const auto kernel = MakePortableProvider()->Make({node, {}, made, {&output_made, 1}});
  std::vector<std::max_align_t> scratch(kernel->scratch_bytes() / sizeof(std::max_align_t) + 8);
  void* aligned = scratch.data();
  std::size_t space = scratch.size() * sizeof(std::max_align_t);
  std::align(64, kernel->scratch_bytes(), aligned, space);
  const std::span<std::byte> bytes(static_cast<std::byte*>(aligned), kernel->scratch_bytes());
  for (auto _ : state) {
    if (!kernel->Run({inputs, {&output, 1}, bytes}).ok()) state.SkipWithError("failed");
  }
}

struct ConvShape {
  std::int64_t size, channels, outputs, kernel, stride, groups;
};

void RegisterConv(const ConvShape& s) {
  const auto name = [&](const char* engine) {
    return fmt::format("conv{0}x{0}/{1}x{1}/{2}->{3}/stride{4}/groups{5}/{6}", s.kernel, s.size,
                       s.channels, s.outputs, s.stride, s.groups, engine);
  };
  const std::int64_t pad = s.kernel / 2;
  const c10::InferenceMode inference;
  const at::Tensor x =
      at::randn({1, s.channels, s.size, s.size}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor w = at::randn({s.outputs, s.channels / s.groups, s.kernel, s.kernel});
  const at::Tensor bias = at::randn({s.outputs});
  benchmark::RegisterBenchmark(name("libtorch").c_str(), [=](benchmark::State& state) {
    const c10::InferenceMode mode;
    const at::Tensor last = w.contiguous(at::MemoryFormat::ChannelsLast);
    for (auto _ : state) at::conv2d(x, last, bias, s.stride, pad, 1, s.groups);
  });
  benchmark::RegisterBenchmark(name("portable").c_str(), [=](benchmark::State& state) {
    const c10::InferenceMode mode;
    const at::Tensor y = at::conv2d(x, w, bias, s.stride, pad, 1, s.groups)
                             .contiguous(at::MemoryFormat::ChannelsLast);
    const op::Conv op{.stride = {s.stride, s.stride},
                      .pad_begin = {pad, pad},
                      .pad_end = {pad, pad},
                      .groups = s.groups};
    RunPortable(state, op, x, w, bias, y);
  });
}

void RegisterLinear(std::int64_t rows, std::int64_t inputs, std::int64_t outputs) {
  const auto name = [&](const char* engine) {
    return fmt::format("linear/{}x{}->{}/{}", rows, inputs, outputs, engine);
  };
  const c10::InferenceMode inference;
  const at::Tensor x = at::randn({rows, inputs}), w = at::randn({outputs, inputs});
  const at::Tensor bias = at::randn({outputs});
  benchmark::RegisterBenchmark(name("libtorch").c_str(), [=](benchmark::State& state) {
    const c10::InferenceMode mode;
    for (auto _ : state) at::linear(x, w, bias);
  });
  benchmark::RegisterBenchmark(name("portable").c_str(), [=](benchmark::State& state) {
    const c10::InferenceMode mode;
    RunPortable(state, op::Linear{}, x, w, bias, at::linear(x, w, bias));
  });
}

}  // namespace
}  // namespace fedge

int main(int argc, char** argv) {
  at::set_num_threads(1);
  for (const fedge::ConvShape& shape : {fedge::ConvShape{224, 3, 64, 7, 2, 1},
                                        {56, 64, 64, 3, 1, 1},
                                        {28, 128, 128, 3, 1, 1},
                                        {14, 256, 256, 3, 1, 1},
                                        {7, 512, 512, 3, 1, 1},
                                        {56, 64, 256, 1, 1, 1},
                                        {28, 192, 32, 1, 1, 1},
                                        {7, 960, 320, 1, 1, 1},
                                        {112, 32, 32, 3, 1, 32},
                                        {28, 192, 192, 3, 1, 192},
                                        {14, 576, 576, 3, 2, 576}}) {
    fedge::RegisterConv(shape);
  }
  fedge::RegisterLinear(1, 2048, 1000);
  fedge::RegisterLinear(197, 192, 768);
  fedge::RegisterLinear(64, 784, 300);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
