#include "kernel_case.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fedge/engine/portable/provider.h"

namespace fedge::testing {
namespace {

bool Contains(const std::vector<std::size_t>& list, std::size_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// As the kernel gets it, but half types widened: LibTorch computes the reference in float32.
HostTensor Reshaped(const KernelCase& test, const Input& input) {
  HostTensor tensor = test.inputs[input.index].value();
  if (DTypeSize(tensor.dtype) == 2 && IsFloatingPoint(tensor.dtype)) {
    tensor.dtype = DType::kFloat32;
  }
  if (input.dims) tensor.dims = *input.dims;
  return tensor;
}

std::vector<HostTensor> Reference(const KernelCase& test) {
  std::vector<AtenArgument> arguments;
  for (const CaseArgument& argument : test.arguments) {
    if (const auto* input = std::get_if<Input>(&argument)) {
      arguments.emplace_back(Reshaped(test, *input));
    } else if (const auto* list = std::get_if<Inputs>(&argument)) {
      std::vector<HostTensor> tensors;
      for (const Input& each : list->inputs) tensors.push_back(Reshaped(test, each));
      arguments.emplace_back(std::move(tensors));
    } else {
      arguments.push_back(std::get<AtenArgument>(argument));
    }
  }
  std::vector<HostTensor> results = CallAten(test.aten, arguments);
  if (!test.output_dims.empty()) results.resize(test.output_dims.size());
  for (std::size_t i = 0; i < test.output_dims.size(); ++i) results[i].dims = test.output_dims[i];
  return results;
}

// All floating-point inputs in `dtype`.
KernelCase InDType(const KernelCase& test, DType dtype) {
  KernelCase cast = test;
  for (auto& input : cast.inputs) {
    if (input && IsFloatingPoint(input->dtype)) input = Rounded(*input, dtype);
  }
  return cast;
}

double Epsilon(DType dtype) {
  if (dtype == DType::kFloat16) return 0x1p-10;
  return dtype == DType::kBFloat16 ? 0x1p-7 : 0;
}

void ExpectClose(const HostTensor& actual, const HostTensor& reference, double tolerance) {
  const HostTensor expected = Rounded(reference, actual.dtype);  // what is too large is infinite
  ASSERT_EQ(actual.values.size(), expected.values.size());
  double largest = 0;
  for (const double value : expected.values) {
    if (std::isfinite(value)) largest = std::max(largest, std::fabs(value));
  }
  if (!IsFloatingPoint(actual.dtype)) tolerance = 0;
  if (actual.dtype == DType::kFloat64) tolerance *= 1e-6;
  for (std::size_t i = 0; i < actual.values.size(); ++i) {
    const double a = actual.values[i], e = expected.values[i];
    if (a == e || (std::isnan(a) && std::isnan(e))) continue;
    const double allowed = tolerance * largest + Epsilon(actual.dtype) * std::fabs(e);
    ASSERT_LE(std::fabs(a - e), allowed) << "element " << i << " is " << a << " and not " << e;
  }
}

// Inputs and types of row `n` of the batch.
HostTensor Row(const HostTensor& tensor, std::int64_t n) {
  const std::int64_t batch = tensor.dims[0];
  HostTensor row{tensor.dtype, tensor.dims, {}};
  row.dims[0] /= batch;
  const std::size_t size = tensor.values.size() / static_cast<std::size_t>(batch);
  if (tensor.values.empty()) return row;
  const auto begin = tensor.values.begin() + static_cast<std::ptrdiff_t>(size) * n;
  row.values.assign(begin, begin + static_cast<std::ptrdiff_t>(size));
  return row;
}

// So that NaN equals NaN.
std::vector<std::uint64_t> Bits(const HostTensor& tensor) {
  std::vector<std::uint64_t> bits;
  for (const double value : tensor.values) bits.push_back(std::bit_cast<std::uint64_t>(value));
  return bits;
}

void CheckRows(const KernelCase& test, const std::vector<HostTensor>& types) {
  const auto whole = RunKernel(test, types, Strides::kRowMajor, Strides::kRowMajor, true);
  ASSERT_TRUE(whole.ok());
  for (std::int64_t n = 0; n < types[0].dims[0]; ++n) {
    KernelCase row = test;
    for (const std::size_t i : test.batched) row.inputs[i] = Row(*test.inputs[i], n);
    std::vector<HostTensor> row_types;
    for (const HostTensor& type : types) row_types.push_back(Row(type, 0));
    const auto alone = RunKernel(row, row_types, Strides::kRowMajor, Strides::kRowMajor, true);
    ASSERT_TRUE(alone.ok());
    for (std::size_t i = 0; i < types.size(); ++i) {
      EXPECT_EQ(Bits((*alone)[i]), Bits(Row((*whole)[i], n))) << "row " << n;
    }
  }
}

}  // namespace

Result<std::vector<HostTensor>> RunKernel(const KernelCase& test,
                                          const std::vector<HostTensor>& output_types,
                                          Strides input_strides, Strides output_strides,
                                          bool with_constants) {
  std::vector<std::optional<StridedTensor>> inputs;
  std::vector<StridedTensor> outputs;
  Node node{test.op, {}, {}, "", ""};
  std::vector<TensorView> views, made;
  for (std::size_t i = 0; i < test.inputs.size(); ++i) {
    inputs.emplace_back();
    if (test.inputs[i]) inputs.back().emplace(*test.inputs[i], input_strides);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool known = with_constants && Contains(test.constants, i);
    node.inputs.push_back(inputs[i] ? static_cast<ValueId>(i) : kAbsent);
    views.push_back(inputs[i] ? inputs[i]->view() : TensorView{});
    made.push_back(inputs[i] ? inputs[i]->view(known) : TensorView{});
  }
  for (const HostTensor& type : output_types) {
    outputs.emplace_back(type.dtype, type.dims, output_strides);
  }
  std::vector<TensorView> output_views, output_made;
  for (StridedTensor& output : outputs) {
    output_views.push_back(output.view());
    output_made.push_back(output.view(false));
  }
  const auto provider = MakePortableProvider();
  const auto kernel = provider->Make({node, test.post_ops, made, output_made});
  if (kernel == nullptr) return Unimplemented("no kernel for {}", OpName(test.op));
  std::vector<std::byte> scratch(kernel->scratch_bytes() + 64, std::byte{0x7f});
  void* aligned = scratch.data();
  std::size_t space = scratch.size();
  std::align(64, kernel->scratch_bytes(), aligned, space);
  FEDGE_RETURN_IF_ERROR(kernel->Run(
      {views, output_views, {static_cast<std::byte*>(aligned), kernel->scratch_bytes()}}));
  std::vector<HostTensor> results;
  for (const StridedTensor& output : outputs) {
    if (!output.intact()) return Internal("wrote between the output's elements");
    results.push_back(output.Read());
  }
  return results;
}

void Check(const KernelCase& test) {
  for (const DType dtype : test.dtypes) {
    const KernelCase cast = InDType(test, dtype);
    const std::vector<HostTensor> expected = Reference(cast);
    std::vector<HostTensor> types = expected;
    for (HostTensor& type : types) {
      type.values.clear();
      if (IsFloatingPoint(type.dtype)) type.dtype = dtype;
    }
    for (const Strides from :
         {Strides::kRowMajor, Strides::kChannelsLast, Strides::kView, Strides::kReversed}) {
      for (const Strides to : {Strides::kRowMajor, Strides::kChannelsLast, Strides::kView}) {
        for (const bool with_constants : {true, false}) {
          if (!with_constants && test.constants.empty()) continue;
          SCOPED_TRACE(fmt::format("{} in {}, strides {} to {}, constants {}", test.aten,
                                   DTypeName(dtype), static_cast<int>(from), static_cast<int>(to),
                                   with_constants));
          const auto actual = RunKernel(cast, types, from, to, with_constants);
          ASSERT_TRUE(actual.ok()) << actual.status().ToString();
          for (std::size_t i = 0; i < types.size(); ++i) {
            ExpectClose((*actual)[i], expected[i], test.tolerance);
          }
          if (::testing::Test::HasFailure()) return;
        }
      }
    }
    if (!test.batched.empty()) CheckRows(cast, types);
  }
}

}  // namespace fedge::testing
