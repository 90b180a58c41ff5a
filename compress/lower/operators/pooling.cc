#include "fedge/lower/operators/support.h"

namespace fedge::lower {
namespace {

constexpr char kIndices[] =
    "uses the indices of max pooling, which the edge engine does not compute";

bool IsOneDimensional(const Call& call) { return call.name().find("1d") != std::string::npos; }

TensorValue EmitPool(const Call& call, bool average) {
  ProgramBuilder& builder = call.builder();
  const bool one_dimensional = IsOneDimensional(call);
  const std::int64_t rank = one_dimensional ? 3 : 4;
  const TensorValue x = call.Tensor("self");
  op::Pool pool{.average = average};
  pool.kernel = call.Pair("kernel_size", one_dimensional, {1, 1});
  pool.stride = call.Pair("stride", one_dimensional, pool.kernel);
  pool.pad = call.Pair("padding", one_dimensional, {0, 0});
  pool.ceil_mode = call.Bool("ceil_mode", false);
  if (average) {
    pool.count_include_pad = call.Bool("count_include_pad", true);
    if (call.Knows("divisor_override")) pool.divisor_override = call.Int("divisor_override", 0);
  } else {
    pool.dilation = call.Pair("dilation", one_dimensional, {1, 1});
  }
  return WithoutBatch(builder, builder.Emit(pool, {WithBatch(builder, x, rank)}), x, rank);
}

Outputs MaxPool(const Call& call) { return EmitPool(call, false); }
Outputs AveragePool(const Call& call) { return EmitPool(call, true); }

Outputs MaxPoolWithIndices(const Call& call) {
  return {Outputs::Kind::kSeveral, {EmitPool(call, false), MissingTensor(kIndices)}};
}

TensorValue EmitAdaptive(const Call& call, bool average) {
  ProgramBuilder& builder = call.builder();
  const bool one_dimensional = IsOneDimensional(call);
  const std::int64_t rank = one_dimensional ? 3 : 4;
  const TensorValue given = call.Tensor("self");
  const TensorValue x = WithBatch(builder, given, rank);
  const Shape sizes = call.Sizes("output_size");
  TensorType type{ToDType(x.dtype), x.shape};
  for (std::size_t i = 2; i < type.shape.size(); ++i) {
    type.shape[i] = sizes.at(sizes.size() == 1 ? 0 : i - 2);
  }
  return WithoutBatch(builder, builder.Emit(op::AdaptivePool{average}, {x}, std::move(type)), given,
                      rank);
}

Outputs AdaptiveAverage(const Call& call) { return EmitAdaptive(call, true); }

Outputs AdaptiveMax(const Call& call) {
  return {Outputs::Kind::kSeveral, {EmitAdaptive(call, false), MissingTensor(kIndices)}};
}

}  // namespace

void AddPooling(OperatorTable& table) {
  table.Add({"max_pool1d", "max_pool2d"}, MaxPool);
  table.Add({"max_pool1d_with_indices", "max_pool2d_with_indices"}, MaxPoolWithIndices);
  table.Add({"avg_pool1d", "avg_pool2d"}, AveragePool);
  table.Add({"adaptive_avg_pool1d", "adaptive_avg_pool2d"}, AdaptiveAverage);
  table.Add({"adaptive_max_pool1d", "adaptive_max_pool2d"}, AdaptiveMax);
}

}  // namespace fedge::lower
