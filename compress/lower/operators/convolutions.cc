#include <string>

#include "fedge/lower/operators/support.h"

namespace fedge::lower {
namespace {

struct Arguments {
  TensorValue x;
  TensorValue weight;
  TensorValue bias;
  op::Conv conv;
};

Outputs Emit(const Call& call, const Arguments& arguments) {
  ProgramBuilder& builder = call.builder();
  const std::int64_t rank = arguments.weight.rank();
  if (rank != 3 && rank != 4) {
    Refuse("has a weight {}; one- and two-dimensional convolutions are supported",
           ToString(arguments.weight.shape));
  }
  const TensorValue x = WithBatch(builder, arguments.x, rank);
  return WithoutBatch(builder, builder.Emit(arguments.conv, {x, arguments.weight, arguments.bias}),
                      arguments.x, rank);
}

Arguments Read(const Call& call) {
  Arguments arguments{.x = call.Tensor("input"),
                      .weight = call.Tensor("weight"),
                      .bias = call.OptionalTensor("bias"),
                      .conv = {}};
  const bool one_dimensional = arguments.weight.rank() == 3;
  arguments.conv.stride = call.Pair("stride", one_dimensional, {1, 1});
  arguments.conv.dilation = call.Pair("dilation", one_dimensional, {1, 1});
  arguments.conv.groups = call.Int("groups", 1);
  return arguments;
}

// "same": so much that, with a stride of 1, the output is as large as the input; the odd one
// behind.
void SetPadding(Arguments& arguments, const std::string& padding) {
  if (padding == "valid") return;
  if (padding != "same") Refuse("pads '{}'; 'same' and 'valid' are supported", padding);
  const bool one_dimensional = arguments.weight.rank() == 3;
  for (std::size_t i = one_dimensional ? 1 : 0; i < 2; ++i) {
    const Dim& kernel = arguments.weight.shape.at(one_dimensional ? 2 : i + 2);
    const std::int64_t total = arguments.conv.dilation[i] * (kernel.base - 1);
    arguments.conv.pad_begin[i] = total / 2;
    arguments.conv.pad_end[i] = total - total / 2;
  }
}

Outputs Convolution(const Call& call) {
  Arguments arguments = Read(call);
  const bool one_dimensional = arguments.weight.rank() == 3;
  const auto* leaf = std::get_if<c10::IValue>(&call.Get("padding"));
  if (leaf != nullptr && leaf->isString()) {
    SetPadding(arguments, leaf->toStringRef());
    return Emit(call, arguments);
  }
  arguments.conv.pad_begin = call.Pair("padding", one_dimensional, {0, 0});
  arguments.conv.pad_end = arguments.conv.pad_begin;
  arguments.conv.transposed = call.name().find("transpose") != std::string::npos ||
                              (call.Knows("transposed") && call.Bool("transposed"));
  if (arguments.conv.transposed) {
    arguments.conv.output_pad = call.Pair("output_padding", one_dimensional, {0, 0});
  }
  return Emit(call, arguments);
}

}  // namespace

void AddConvolutions(OperatorTable& table) {
  table.Add({"conv1d", "conv2d", "_convolution", "_convolution_mode", "convolution",
             "conv_transpose1d", "conv_transpose2d"},
            Convolution);
}

}  // namespace fedge::lower
