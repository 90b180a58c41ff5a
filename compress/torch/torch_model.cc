#include "fedge/compress_torch/torch_model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/isnan.h>

#include "fedge/common/random.h"
#include "fedge/compress_report/timing.h"
#include "fedge/compress_torch/oldest_version.h"
#include "fedge/learn/catch_torch.h"
#include "fedge/learn/dtypes.h"
#include "fedge/learn/module_state.h"
#include "fedge/lower/lower.h"

namespace fedge {
namespace {

// Numbers drawn repeat after so many, so that a sample of a large image is small once it is
// deflated; a prime, so that no two rows of an image are the same.
constexpr std::int64_t kPeriod = 1021;

// NaN is nowhere meant. An infinity is, in a mask: a buffer.
Status CheckWeights(const Archive& archive, const torch::jit::Module& module) {
  const ModuleState state(module);
  for (const auto& [name, tensor] : state.tensors()) {
    if (!tensor.defined() || !tensor.is_floating_point()) continue;
    const at::Tensor wrong =
        tensor.requires_grad() ? at::isfinite(tensor).logical_not() : at::isnan(tensor);
    if (!wrong.any().item().toBool()) continue;
    return InvalidArgument("{}: '{}' has values that are not finite (NaN or infinity)",
                           archive.path(), name);
  }
  return OkStatus();
}

// How many rows have the tables that look up the values of this input: indices are smaller.
std::int64_t IndexLimit(const Program& program, ValueId input) {
  std::int64_t limit = 2;
  bool found = false;
  std::vector<ValueId> same = {input};
  for (const Node& node : program.nodes) {
    const auto uses = [&](std::size_t i) {
      return i < node.inputs.size() && std::ranges::find(same, node.inputs[i]) != same.end();
    };
    const bool moves =
        std::holds_alternative<op::Cast>(node.op) || std::holds_alternative<op::Reshape>(node.op) ||
        std::holds_alternative<op::Permute>(node.op) || std::holds_alternative<op::Slice>(node.op);
    if (moves && uses(0)) same.push_back(node.outputs[0]);
    const auto* gather = std::get_if<op::Gather>(&node.op);
    if (gather == nullptr || !uses(1)) continue;
    const Dim& rows =
        program.values[node.inputs[0]].shape.at(static_cast<std::size_t>(gather->dim));
    limit = found ? std::min(limit, rows.At(1)) : rows.At(1);
    found = true;
  }
  return limit;
}

// Box and Muller's method, so that the numbers do not depend on a library.
double Normal(Random& random) {
  const auto uniform = [&] { return (static_cast<double>(random.Next() >> 11) + 0.5) * 0x1p-53; };
  const double radius = std::sqrt(-2 * std::log(uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

at::Tensor Draw(const Program& program, ValueId input, std::int64_t batch, Random& random) {
  const Value& value = program.values[input];
  const bool floats = IsFloatingPoint(value.dtype);
  at::Tensor tensor = at::empty(At(value.shape, batch),
                                at::TensorOptions().dtype(floats ? c10::kFloat : c10::kLong));
  const auto limit =
      static_cast<std::uint64_t>(std::max<std::int64_t>(IndexLimit(program, input), 1));
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    if (floats) {
      float* const numbers = tensor.mutable_data_ptr<float>();
      numbers[i] = i < kPeriod ? static_cast<float>(Normal(random)) : numbers[i - kPeriod];
    } else {
      std::int64_t* const numbers = tensor.mutable_data_ptr<std::int64_t>();
      numbers[i] =
          i < kPeriod ? static_cast<std::int64_t>(random.Next() % limit) : numbers[i - kPeriod];
    }
  }
  return tensor.to(ScalarTypeOf(value.dtype));
}

SampleTensor ToSample(std::string name, DType dtype, const at::Tensor& tensor) {
  const at::Tensor dense = tensor.to(ScalarTypeOf(dtype)).contiguous();
  return {.name = std::move(name),
          .dtype = dtype,
          .shape = dense.sizes().vec(),
          .data = std::string(static_cast<const char*>(dense.const_data_ptr()), dense.nbytes())};
}

at::Tensor FromSample(const SampleTensor& sample) {
  return at::from_blob(const_cast<char*>(sample.data.data()), sample.shape,
                       at::TensorOptions().dtype(ScalarTypeOf(sample.dtype)))
      .clone();
}

std::vector<c10::IValue> Arguments(std::span<const SampleTensor> inputs) {
  std::vector<c10::IValue> arguments;
  for (const SampleTensor& input : inputs) arguments.emplace_back(FromSample(input));
  return arguments;
}

// LibTorch rounds to half after every operator, the engine where it stores.
double ToleranceOf(const Program& program) {
  double tolerance = 1e-4;
  for (const Value& value : program.values) {
    if (value.constant.has_value()) continue;
    // Some tens of roundings: 11 and 8 bits.
    if (value.dtype == DType::kFloat16) tolerance = std::max(tolerance, 0x1p-7);
    if (value.dtype == DType::kBFloat16) tolerance = std::max(tolerance, 0x1p-4);
  }
  return tolerance;
}

}  // namespace

struct TorchModel::Impl {
  const Archive& archive;
  mutable torch::jit::Module module;

  std::vector<at::Tensor> Forward(std::vector<c10::IValue> arguments) const {
    const at::NoGradGuard no_gradients;
    return FlattenOutputs(module.forward(std::move(arguments)));
  }
};

TorchModel::TorchModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TorchModel::TorchModel(TorchModel&&) noexcept = default;
TorchModel& TorchModel::operator=(TorchModel&&) noexcept = default;
TorchModel::~TorchModel() = default;

Result<TorchModel> TorchModel::Load(const Archive& archive) {
  FEDGE_ASSIGN_OR_RETURN(torch::jit::Module module, LoadForLowering(archive));
  FEDGE_RETURN_IF_ERROR(CatchTorch(archive.path(), [&] { return CheckWeights(archive, module); }));
  return TorchModel(std::make_unique<Impl>(archive, std::move(module)));
}

Result<LoweredModel> TorchModel::Lower(std::span<const LowerInput> inputs) const {
  return fedge::Lower(impl_->archive, impl_->module, inputs);
}

Result<Sample> TorchModel::MakeSample(const Program& program, std::int64_t batch,
                                      std::uint64_t seed) const {
  return CatchTorch(impl_->archive.path(), [&]() -> Result<Sample> {
    Random random(seed);
    Sample sample;
    std::vector<c10::IValue> arguments;
    for (const Port& port : program.inputs) {
      const at::Tensor input = Draw(program, port.value, batch, random);
      sample.inputs.push_back(ToSample(port.name, program.values[port.value].dtype, input));
      arguments.emplace_back(input);
    }
    const std::vector<at::Tensor> outputs = impl_->Forward(std::move(arguments));
    if (outputs.size() != program.outputs.size()) {
      return Internal("the program has {} outputs, forward {}", program.outputs.size(),
                      outputs.size());
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Port& port = program.outputs[i];
      const DType dtype = program.values[port.value].dtype;
      if (outputs[i].scalar_type() != ScalarTypeOf(dtype)) {
        return Unimplemented("output '{}' is {} in LibTorch, but was lowered as {}", port.name,
                             c10::toString(outputs[i].scalar_type()), DTypeName(dtype));
      }
      sample.outputs.push_back(ToSample(port.name, dtype, outputs[i]));
    }
    sample.tolerance = ToleranceOf(program);
    return sample;
  });
}

Result<std::vector<SampleTensor>> TorchModel::Run(std::span<const SampleTensor> inputs) const {
  return CatchTorch(impl_->archive.path(), [&]() -> Result<std::vector<SampleTensor>> {
    std::vector<SampleTensor> answers;
    for (const at::Tensor& output : impl_->Forward(Arguments(inputs))) {
      const auto dtype = DTypeOf(output.scalar_type());
      if (!dtype) return Unimplemented("an output is of a type that Fedge does not know");
      answers.push_back(ToSample(std::to_string(answers.size()), *dtype, output));
    }
    return answers;
  });
}

Result<double> TorchModel::Difference(const Sample& sample) const {
  return CatchTorch(impl_->archive.path(), [&]() -> Result<double> {
    const std::vector<at::Tensor> outputs = impl_->Forward(Arguments(sample.inputs));
    double largest = 0;
    for (std::size_t i = 0; i < outputs.size() && i < sample.outputs.size(); ++i) {
      const SampleTensor& expected = sample.outputs[i];
      largest = std::max(
          largest,
          LargestDifference(expected, ToSample(expected.name, expected.dtype, outputs[i])));
    }
    return largest;
  });
}

Result<LatencyReport> TorchModel::Measure(const Sample& sample, std::uint32_t threads) const {
  return CatchTorch(impl_->archive.path(), [&]() -> Result<LatencyReport> {
    const int before = at::get_num_threads();
    at::set_num_threads(static_cast<int>(threads));
    const std::vector<c10::IValue> arguments = Arguments(sample.inputs);
    const auto timing = TimeRuns([&] {
      impl_->Forward(arguments);
      return OkStatus();
    });
    at::set_num_threads(before);
    if (!timing.ok()) return timing.status();
    return LatencyReport{.runtime = "LibTorch",
                         .model = {},
                         .median_ms = timing->median_ms,
                         .runs = timing->runs,
                         .threads = threads,
                         .batch = sample.inputs.empty() || sample.inputs[0].shape.empty()
                                      ? 1
                                      : sample.inputs[0].shape[0]};
  });
}

std::string TorchModel::OldestLibTorch() const { return OldestVersion(impl_->module); }

}  // namespace fedge
