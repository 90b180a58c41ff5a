// Convolutions and linear layers of well-known networks, by the portable kernels and by oneDNN's:
// median microseconds of both, measured in turns in one run, one thread, float32, bias and relu
// fused. Of the thread's own time, so that others on the cores count for little. `engine_kernels
// resnet18` measures one network; `--bf16` in bfloat16.

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <time.h>

#include "fedge/engine/aligned_buffer.h"
#include "fedge/engine/portable/provider.h"
#include "fedge/engine/providers.h"

namespace fedge {
namespace {

using Clock = std::chrono::steady_clock;

double ThreadMicroseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

struct Layer {
  std::int64_t channels, outputs, size, kernel = 1, stride = 1, groups = 1;  // size 0: linear
  int count = 1;  // how many of it the network has
  bool residual = false;
  std::int64_t rows = 1;  // of a linear layer: a batch
};

struct Network {
  std::string_view name;
  std::vector<Layer> layers;
};

Layer Linear(std::int64_t inputs, std::int64_t outputs, std::int64_t rows = 1) {
  Layer layer{inputs, outputs, 0};
  layer.rows = rows;
  return layer;
}

std::vector<Layer> Mlp(std::int64_t rows) {
  return {Linear(784, 300, rows), Linear(300, 100, rows), Linear(100, 10, rows)};
}

std::vector<Layer> ResNet18() {
  std::vector<Layer> layers = {
      {3, 64, 224, 7, 2}, {64, 64, 56, 3, 1, 1, 2}, {64, 64, 56, 3, 1, 1, 2, true}};
  for (std::int64_t c = 128, size = 56; c <= 512; c *= 2, size /= 2) {
    layers.push_back({c / 2, c, size, 3, 2});
    layers.push_back({c / 2, c, size, 1, 2});
    layers.push_back({c, c, size / 2, 3, 1, 1, 1});
    layers.push_back({c, c, size / 2, 3, 1, 1, 2, true});
  }
  layers.push_back(Linear(512, 1000));
  return layers;
}

std::vector<Layer> ResNet50() {
  std::vector<Layer> layers = {{3, 64, 224, 7, 2}};
  const int blocks[] = {3, 4, 6, 3};
  std::int64_t in = 64, size = 56;
  for (int stage = 0; stage < 4; ++stage) {
    const std::int64_t c = std::int64_t{64} << stage;
    const std::int64_t stride = stage == 0 ? 1 : 2;
    layers.push_back({in, c, size});
    layers.push_back({c, c, size, 3, stride});
    layers.push_back({in, 4 * c, size, 1, stride});
    size /= stride;
    in = 4 * c;
    layers.push_back({c, in, size, 1, 1, 1, blocks[stage], true});
    layers.push_back({in, c, size, 1, 1, 1, blocks[stage] - 1});
    layers.push_back({c, c, size, 3, 1, 1, blocks[stage] - 1});
  }
  layers.push_back(Linear(2048, 1000));
  return layers;
}

std::vector<Layer> MobileNetV2() {
  std::vector<Layer> layers = {{3, 32, 224, 3, 2}, {32, 32, 112, 3, 1, 32}, {32, 16, 112}};
  struct Stage {
    std::int64_t outputs;
    int blocks;
    std::int64_t stride;
  };
  std::int64_t in = 16, size = 112;
  for (const Stage& s :
       {Stage{24, 2, 2}, {32, 3, 2}, {64, 4, 2}, {96, 3, 1}, {160, 3, 2}, {320, 1, 1}}) {
    const std::int64_t wide = 6 * in, out = 6 * s.outputs;
    layers.push_back({in, wide, size});
    layers.push_back({wide, wide, size, 3, s.stride, wide});
    size /= s.stride;
    layers.push_back({wide, s.outputs, size});
    if (s.blocks > 1) {
      layers.push_back({s.outputs, out, size, 1, 1, 1, s.blocks - 1});
      layers.push_back({out, out, size, 3, 1, out, s.blocks - 1});
      layers.push_back({out, s.outputs, size, 1, 1, 1, s.blocks - 1, true});
    }
    in = s.outputs;
  }
  layers.push_back({320, 1280, 7});
  layers.push_back(Linear(1280, 1000));
  return layers;
}

std::vector<Network> Networks() {
  return {{"resnet18", ResNet18()}, {"resnet50", ResNet50()}, {"mobilenetv2", MobileNetV2()},
          {"mlp", Mlp(1)},          {"mlp-batch8", Mlp(8)},   {"mlp-batch64", Mlp(64)}};
}

// Small numbers, whatever the type.
class Tensor {
 public:
  Tensor(DType dtype, Dims dims, bool channels_last) : dtype_(dtype), dims_(std::move(dims)) {
    std::int64_t count = 1;
    strides_.resize(dims_.size());
    for (std::size_t d = dims_.size(); d-- > 0;) {
      if (channels_last && d == 1) continue;
      strides_[d] = count * (channels_last && d > 1 ? dims_[1] : 1);
      count *= dims_[d];
    }
    if (channels_last) {
      strides_[1] = 1;
      count *= dims_[1];
    }
    if (channels_last) strides_[0] = count / dims_[0];
    const std::size_t size = DTypeSize(dtype);
    data_ = internal::AllocateAligned(static_cast<std::size_t>(count) * size);
    for (std::int64_t i = 0; i < count; ++i) {
      const float number = static_cast<float>(i * 37 % 101 - 50) * 0.01F;
      // The upper half is the number in bfloat16, on machines that put the lower one first.
      const auto* const bytes = reinterpret_cast<const std::byte*>(&number);
      std::memcpy(data_.get() + static_cast<std::size_t>(i) * size, bytes + sizeof(float) - size,
                  size);
    }
  }

  TensorView view(bool with_data = true) const {
    return {with_data ? data_.get() : nullptr, dtype_, dims_, strides_};
  }

 private:
  DType dtype_;
  Dims dims_, strides_;
  std::shared_ptr<std::byte> data_;
};

// A layer's tensors, and kernels made for them.
class Bench {
 public:
  Bench(const Layer& layer, DType dtype) {
    const Layer& l = layer;
    if (l.size == 0) {
      node_.op = op::Linear{};
      inputs_ = {{dtype, {l.rows, l.channels}, false}, {dtype, {l.outputs, l.channels}, false}};
      outputs_ = {{dtype, {l.rows, l.outputs}, false}};
    } else {
      const std::int64_t pad = l.kernel / 2, out = (l.size + 2 * pad - l.kernel) / l.stride + 1;
      node_.op = op::Conv{.stride = {l.stride, l.stride},
                          .pad_begin = {pad, pad},
                          .pad_end = {pad, pad},
                          .groups = l.groups};
      inputs_ = {{dtype, {1, l.channels, l.size, l.size}, true},
                 {dtype, {l.outputs, l.channels / l.groups, l.kernel, l.kernel}, false}};
      outputs_ = {{dtype, {1, l.outputs, out, out}, true}};
    }
    inputs_.push_back({dtype, {l.outputs}, false});
    if (l.residual) {
      inputs_.push_back(outputs_[0]);
      outputs_[0] = {dtype, Dims(inputs_[3].view().dims.begin(), inputs_[3].view().dims.end()),
                     true};
      post_ops_.emplace_back(AddInput{3});
    }
    post_ops_.emplace_back(op::Unary{op::Unary::Kind::kRelu});
    for (std::size_t i = 0; i < inputs_.size(); ++i) views_.push_back(inputs_[i].view());
    output_ = outputs_[0].view();
  }

  // false: the provider has none.
  bool Add(const KernelProvider& provider) {
    std::vector<TensorView> made;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      made.push_back(inputs_[i].view(i == 1 || i == 2));
    }
    const TensorView output = outputs_[0].view(false);
    kernels_.push_back({provider.Make({node_, post_ops_, made, {&output, 1}}), nullptr, {}});
    Made& last = kernels_.back();
    if (last.kernel != nullptr)
      last.scratch = internal::AllocateAligned(last.kernel->scratch_bytes());
    return last.kernel != nullptr;
  }

  // Median microseconds of each kernel, in turns.
  std::vector<double> Measure(double seconds) {
    const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                     std::chrono::duration<double>(seconds));
    for (Made& made : kernels_) Run(made);
    do {
      for (Made& made : kernels_) {
        if (made.kernel == nullptr) continue;
        const double begin = ThreadMicroseconds();
        Run(made);
        made.times.push_back(ThreadMicroseconds() - begin);
      }
    } while (Clock::now() < end || kernels_[0].times.size() < 5);
    std::vector<double> medians;
    for (Made& made : kernels_) {
      std::sort(made.times.begin(), made.times.end());
      medians.push_back(made.kernel == nullptr ? 0 : made.times[made.times.size() / 2]);
    }
    return medians;
  }

 private:
  struct Made {
    std::unique_ptr<const Kernel> kernel;
    std::shared_ptr<std::byte> scratch;
    std::vector<double> times;
  };

  void Run(const Made& made) const {
    if (made.kernel == nullptr) return;
    const Status status = made.kernel->Run(
        {views_, {&output_, 1}, {made.scratch.get(), made.kernel->scratch_bytes()}});
    if (!status.ok()) fmt::print("{}\n", status.ToString());
  }

  Node node_;
  std::vector<PostOp> post_ops_;
  std::vector<Tensor> inputs_, outputs_;
  std::vector<TensorView> views_;
  TensorView output_;
  std::vector<Made> kernels_;
};

std::string NameOf(const Layer& l) {
  if (l.size == 0) return fmt::format("linear {} -> {}", l.channels, l.outputs);
  return fmt::format("{0}x{0} {1} -> {2} at {3}x{3}{4}{5}{6}", l.kernel, l.channels, l.outputs,
                     l.size, l.stride > 1 ? fmt::format(" stride {}", l.stride) : "",
                     l.groups > 1 ? fmt::format(" groups {}", l.groups) : "",
                     l.residual ? " + residual" : "");
}

void Measure(const Network& network, DType dtype,
             const std::vector<std::shared_ptr<const KernelProvider>>& providers) {
  fmt::print("\n{}\n{:<44}{:>4}{:>12}{:>12}{:>8}\n", network.name, "layer", "x", "portable us",
             "oneDNN us", "ratio");
  double sums[2] = {};
  for (const Layer& layer : network.layers) {
    if (layer.count < 1) continue;
    Bench bench(layer, dtype);
    bench.Add(*providers.back());
    const bool taken = providers.size() > 1 && bench.Add(*providers.front());
    const auto times = bench.Measure(0.1);
    sums[0] += times[0] * layer.count;
    sums[1] += (taken ? times[1] : times[0]) * layer.count;
    fmt::print("{:<44}{:>4}{:>12.1f}{:>12}{:>8}\n", NameOf(layer), layer.count, times[0],
               taken ? fmt::format("{:.1f}", times[1]) : "-",
               taken ? fmt::format("{:.2f}", times[0] / times[1]) : "-");
  }
  fmt::print("{:<48}{:>12.1f}{:>12.1f}{:>8.2f}\n", "all", sums[0], sums[1], sums[0] / sums[1]);
}

}  // namespace
}  // namespace fedge

int main(int argc, char** argv) {
  std::vector<std::string_view> wanted(argv + 1, argv + argc);
  const bool bf16 = std::erase(wanted, "--bf16") > 0;
  fedge::Status why_not;
  const auto providers = fedge::DefaultProviders({.onednn = {.small_linear_bytes = 0}}, &why_not);
  if (!why_not.ok()) fmt::print("{}\n", why_not.ToString());
  for (const fedge::Network& network : fedge::Networks()) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), network.name) == wanted.end()) {
      continue;
    }
    Measure(network, bf16 ? fedge::DType::kBFloat16 : fedge::DType::kFloat32, providers);
  }
}
