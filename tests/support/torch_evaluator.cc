#include "fedge/testing/torch_evaluator.h"

#include <numeric>
#include <stdexcept>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "fedge/archive/archive.h"
#include "fedge/learn/dtypes.h"

namespace fedge::testing {
namespace {

using at::Tensor;
using Inputs = std::vector<Tensor>;
using Outputs = std::vector<Tensor>;

// What an output is declared as.
struct Declared {
  c10::ScalarType dtype;
  std::vector<std::int64_t> shape;
};

std::optional<Tensor> Optional(const Tensor& tensor) {
  return tensor.defined() ? std::optional<Tensor>(tensor) : std::nullopt;
}

Outputs Run(const op::Unary& op, const Inputs& in, const Declared&) {
  using Kind = op::Unary::Kind;
  const Tensor& x = in[0];
  switch (op.kind) {
    case Kind::kRelu:
      return {at::relu(x)};
    case Kind::kRelu6:
      return {at::clamp(x, 0, 6)};
    case Kind::kLeakyRelu:
      return {at::where(x > 0, x, x * op.alpha)};
    case Kind::kHardswish:
      return {x * at::clamp(x + 3, 0, 6) / 6};
    case Kind::kHardsigmoid:
      return {at::clamp(x + 3, 0, 6) / 6};
    case Kind::kSilu:
      return {x * at::sigmoid(x)};
    case Kind::kGelu:
      return {0.5 * x * (1 + at::erf(x / std::sqrt(2.0)))};
    case Kind::kGeluTanh:
      return {at::gelu(x, "tanh")};
    case Kind::kSigmoid:
      return {1 / (1 + at::exp(-x))};
    case Kind::kTanh:
      return {at::tanh(x)};
    case Kind::kElu:
      return {at::where(x > 0, x, op.alpha * at::expm1(x))};
    case Kind::kSoftplus:
      return {at::softplus(x, op.alpha, op.beta)};
    case Kind::kClamp:
      return {at::clamp(x, op.alpha, op.beta)};
    case Kind::kNeg:
      return {-x};
    case Kind::kAbs:
      return {at::abs(x)};
    case Kind::kExp:
      return {at::exp(x)};
    case Kind::kLog:
      return {at::log(x)};
    case Kind::kSqrt:
      return {at::sqrt(x)};
    case Kind::kRsqrt:
      return {1 / at::sqrt(x)};
    case Kind::kReciprocal:
      return {1 / x};
    case Kind::kErf:
      return {at::erf(x)};
    case Kind::kFloor:
      return {at::floor(x)};
    case Kind::kRound:
      return {at::round(x)};
    case Kind::kNot:
      return {at::logical_not(x)};
  }
  throw std::runtime_error("unary");
}

Outputs Run(const op::Binary& op, const Inputs& in, const Declared&) {
  using Kind = op::Binary::Kind;
  const Tensor& a = in[0];
  const Tensor& b = in[1];
  switch (op.kind) {
    case Kind::kAdd:
      return {a + b};
    case Kind::kSub:
      return {a - b};
    case Kind::kMul:
      return {a * b};
    case Kind::kDiv:
      return {a / b};
    case Kind::kMin:
      return {at::minimum(a, b)};
    case Kind::kMax:
      return {at::maximum(a, b)};
    case Kind::kPow:
      return {at::pow(a, b)};
    case Kind::kEq:
      return {a == b};
    case Kind::kNe:
      return {a != b};
    case Kind::kLt:
      return {a < b};
    case Kind::kLe:
      return {a <= b};
    case Kind::kGt:
      return {a > b};
    case Kind::kGe:
      return {a >= b};
    case Kind::kAnd:
      return {at::logical_and(a, b)};
    case Kind::kOr:
      return {at::logical_or(a, b)};
  }
  throw std::runtime_error("binary");
}

Outputs Run(const op::Where&, const Inputs& in, const Declared&) {
  return {at::where(in[0], in[1], in[2])};
}

Outputs Run(const op::Cast&, const Inputs& in, const Declared& out) {
  return {in[0].to(out.dtype)};
}

// Padded by hand, as what is before may differ from what is behind.
Outputs Run(const op::Conv& op, const Inputs& in, const Declared&) {
  const bool one = in[1].dim() == 3;
  const auto pair = [&](const op::Pair& p) {
    return one ? std::vector<std::int64_t>{p[1]} : std::vector<std::int64_t>{p[0], p[1]};
  };
  Tensor x = in[0];
  if (op.transposed) {
    return {at::convolution(x, in[1], Optional(in[2]), pair(op.stride), pair(op.pad_begin),
                            pair(op.dilation), true, pair(op.output_pad), op.groups)};
  }
  std::vector<std::int64_t> pads = {op.pad_begin[1], op.pad_end[1]};
  if (!one) pads.insert(pads.end(), {op.pad_begin[0], op.pad_end[0]});
  x = at::constant_pad_nd(x, pads, 0);
  const std::vector<std::int64_t> none(pair(op.stride).size(), 0);
  return {at::convolution(x, in[1], Optional(in[2]), pair(op.stride), none, pair(op.dilation),
                          false, none, op.groups)};
}

Outputs Run(const op::Linear&, const Inputs& in, const Declared&) {
  const Tensor product = at::matmul(in[0], in[1].t());
  return {in[2].defined() ? product + in[2] : product};
}

Outputs Run(const op::MatMul&, const Inputs& in, const Declared&) {
  return {at::matmul(in[0], in[1])};
}

Outputs Run(const op::Attention& op, const Inputs& in, const Declared&) {
  Tensor scores = at::matmul(in[0], in[1].transpose(-2, -1)) * op.scale;
  if (in[3].defined()) {
    scores =
        in[3].scalar_type() == c10::kBool ? scores.masked_fill(~in[3], -INFINITY) : scores + in[3];
  }
  if (op.causal) {
    const Tensor keep =
        at::ones({scores.size(-2), scores.size(-1)}, at::TensorOptions().dtype(c10::kBool)).tril();
    scores = scores.masked_fill(~keep, -INFINITY);
  }
  return {at::matmul(at::softmax(scores, -1), in[2])};
}

// Over the channels of [N, C, ...].
Tensor PerChannel(const Tensor& x, const Tensor& v) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[1] = v.numel();
  return v.reshape(shape);
}

Tensor Affine(Tensor y, const Tensor& weight, const Tensor& bias) {
  if (weight.defined()) y = y * weight;
  return bias.defined() ? y + bias : y;
}

Outputs Run(const op::BatchNorm& op, const Inputs& in, const Declared&) {
  const Tensor& x = in[0];
  const Tensor y = (x - PerChannel(x, in[3])) / at::sqrt(PerChannel(x, in[4]) + op.eps);
  return {Affine(y, in[1].defined() ? PerChannel(x, in[1]) : Tensor(),
                 in[2].defined() ? PerChannel(x, in[2]) : Tensor())};
}

Outputs Run(const op::LayerNorm& op, const Inputs& in, const Declared&) {
  std::vector<std::int64_t> dims;
  for (std::int64_t i = 1; i <= op.num_dims; ++i) dims.push_back(-i);
  const Tensor off = in[0] - in[0].mean(dims, true);
  return {Affine(off / at::sqrt((off * off).mean(dims, true) + op.eps), in[1], in[2])};
}

Outputs Run(const op::GroupNorm& op, const Inputs& in, const Declared&) {
  const Tensor& x = in[0];
  const Tensor grouped = x.reshape({x.size(0), op.groups, -1});
  const Tensor off = grouped - grouped.mean({2}, true);
  const Tensor y = (off / at::sqrt((off * off).mean({2}, true) + op.eps)).reshape(x.sizes());
  return {Affine(y, in[1].defined() ? PerChannel(x, in[1]) : Tensor(),
                 in[2].defined() ? PerChannel(x, in[2]) : Tensor())};
}

Outputs Run(const op::Softmax& op, const Inputs& in, const Declared&) {
  return {op.log ? at::log_softmax(in[0], op.dim) : at::softmax(in[0], op.dim)};
}

Outputs Run(const op::Pool& op, const Inputs& in, const Declared&) {
  const bool one = in[0].dim() == 3;
  const Tensor x = one ? in[0].unsqueeze(2) : in[0];
  Tensor y;
  if (op.average) {
    y = at::avg_pool2d(
        x, op.kernel, op.stride, op.pad, op.ceil_mode, op.count_include_pad,
        op.divisor_override == 0 ? std::nullopt : std::optional<std::int64_t>(op.divisor_override));
  } else {
    y = at::max_pool2d(x, op.kernel, op.stride, op.pad, op.dilation, op.ceil_mode);
  }
  return {one ? y.squeeze(2) : y};
}

Outputs Run(const op::AdaptivePool& op, const Inputs& in, const Declared& out) {
  const bool one = in[0].dim() == 3;
  const Tensor x = one ? in[0].unsqueeze(2) : in[0];
  const std::vector<std::int64_t> size = {one ? 1 : out.shape[2], out.shape.back()};
  const Tensor y =
      op.average ? at::adaptive_avg_pool2d(x, size) : std::get<0>(at::adaptive_max_pool2d(x, size));
  return {one ? y.squeeze(2) : y};
}

Tensor ReduceOne(op::Reduce::Kind kind, const Tensor& x, std::int64_t dim) {
  using Kind = op::Reduce::Kind;
  switch (kind) {
    case Kind::kSum:
      return at::sum(x, dim, true);
    case Kind::kMean:
      return at::mean(x, dim, true);
    case Kind::kMax:
      return at::amax(x, dim, true);
    case Kind::kMin:
      return at::amin(x, dim, true);
    case Kind::kProd:
      return at::prod(x, dim, true);
    case Kind::kNorm1:
      return at::sum(at::abs(x), dim, true);
    case Kind::kNorm2:
      return at::sqrt(at::sum(x * x, dim, true));
    case Kind::kAny:
      return at::any(x, dim, true);
    case Kind::kAll:
      return at::all(x, dim, true);
  }
  throw std::runtime_error("reduce");
}

Outputs Run(const op::Reduce& op, const Inputs& in, const Declared& out) {
  Tensor y = in[0];
  for (const std::int64_t dim : op.dims) y = ReduceOne(op.kind, y, dim);
  return {y.reshape(out.shape)};
}

Outputs Run(const op::ArgMax& op, const Inputs& in, const Declared&) {
  return {op.smallest ? at::argmin(in[0], op.dim, op.keep_dim)
                      : at::argmax(in[0], op.dim, op.keep_dim)};
}

Outputs Run(const op::TopK& op, const Inputs& in, const Declared&) {
  const auto [values, indices] = at::sort(in[0], /*stable=*/true, op.dim, op.largest);
  return {values.narrow(op.dim, 0, op.k), indices.narrow(op.dim, 0, op.k)};
}

Outputs Run(const op::Concat& op, const Inputs& in, const Declared&) {
  return {at::cat(in, op.dim)};
}

Outputs Run(const op::Slice& op, const Inputs& in, const Declared& out) {
  const std::int64_t size = out.shape[static_cast<std::size_t>(op.dim)];
  return {at::slice(in[0], op.dim, op.start, op.start + (size - 1) * op.step + 1, op.step)};
}

Outputs Run(const op::Reshape&, const Inputs& in, const Declared& out) {
  return {in[0].reshape(out.shape)};
}
Outputs Run(const op::Permute& op, const Inputs& in, const Declared&) {
  return {in[0].permute(op.order)};
}
Outputs Run(const op::Expand&, const Inputs& in, const Declared& out) {
  return {in[0].expand(out.shape)};
}
Outputs Run(const op::Fill& op, const Inputs&, const Declared& out) {
  return {at::full(out.shape, op.value, at::TensorOptions().dtype(out.dtype))};
}

Outputs Run(const op::Pad& op, const Inputs& in, const Declared&) {
  if (op.mode == op::Pad::Mode::kConstant) {
    std::vector<std::int64_t> pads;
    for (std::size_t i = op.begin.size(); i-- > 0;)
      pads.insert(pads.end(), {op.begin[i], op.end[i]});
    return {at::constant_pad_nd(in[0], pads, op.value)};
  }
  // Through the index of each element's source.
  Tensor y = in[0];
  for (std::size_t i = 0; i < op.begin.size(); ++i) {
    const auto dim = static_cast<std::int64_t>(i);
    const std::int64_t last = y.size(dim) - 1;
    Tensor index = at::arange(-op.begin[i], last + 1 + op.end[i]);
    if (op.mode == op::Pad::Mode::kReplicate) {
      index = index.clamp(0, last);
    } else {
      index = index.abs();
      index = last - (last - index).abs();
    }
    y = at::index_select(y, dim, index);
  }
  return {y};
}

Outputs Run(const op::Resize& op, const Inputs& in, const Declared& out) {
  const bool one = in[0].dim() == 3;
  const auto scale = [](double given) {
    return given > 0 ? std::optional<double>(given) : std::nullopt;
  };
  const std::vector<std::int64_t> size(out.shape.begin() + 2, out.shape.end());
  if (op.mode == op::Resize::Mode::kNearest) {
    return {
        one ? at::upsample_nearest1d(in[0], size, scale(op.scale_width))
            : at::upsample_nearest2d(in[0], size, scale(op.scale_height), scale(op.scale_width))};
  }
  return {one ? at::upsample_linear1d(in[0], size, op.align_corners, scale(op.scale_width))
              : at::upsample_bilinear2d(in[0], size, op.align_corners, scale(op.scale_height),
                                        scale(op.scale_width))};
}

Outputs Run(const op::Gather& op, const Inputs& in, const Declared& out) {
  return {at::index_select(in[0], op.dim, in[1].reshape({-1})).reshape(out.shape)};
}

Outputs Run(const op::CumSum& op, const Inputs& in, const Declared&) {
  return {at::cumsum(in[0], op.dim)};
}

Outputs Run(const op::Recurrent& op, const Inputs& in, const Declared&) {
  const bool lstm = op.kind == op::Recurrent::Kind::kLstm;
  Tensor h = in[1];
  Tensor c = in[2];
  std::vector<Tensor> steps(static_cast<std::size_t>(in[0].size(1)));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::size_t t = op.reverse ? steps.size() - 1 - i : i;
    Tensor from_x = at::matmul(in[0].select(1, static_cast<std::int64_t>(t)), in[3].t());
    Tensor from_h = at::matmul(h, in[4].t());
    if (in[5].defined()) from_x = from_x + in[5];
    if (in[6].defined()) from_h = from_h + in[6];
    if (lstm) {
      const auto gates = (from_x + from_h).chunk(4, 1);
      c = at::sigmoid(gates[1]) * c + at::sigmoid(gates[0]) * at::tanh(gates[2]);
      h = at::sigmoid(gates[3]) * at::tanh(c);
    } else {
      const auto x = from_x.chunk(3, 1);
      const auto s = from_h.chunk(3, 1);
      const Tensor update = at::sigmoid(x[1] + s[1]);
      h = (1 - update) * at::tanh(x[2] + at::sigmoid(x[0] + s[0]) * s[2]) + update * h;
    }
    steps[t] = h;
  }
  Outputs outputs = {at::stack(steps, 1), h};
  if (lstm) outputs.push_back(c);
  return outputs;
}

// Integer layers have references of their own.
template <class Other>
Outputs Run(const Other&, const Inputs&, const Declared&) {
  throw std::runtime_error("there is no such operator in LibTorch");
}

Tensor Constant(const Value& value, const Archive& archive, const std::string& extra) {
  std::string_view bytes = extra;
  if (value.constant->record != "extra/fedge/constants.bin") {
    for (std::size_t i = 0; i < archive.storages().size(); ++i) {
      if (archive.storages()[i].record != value.constant->record) continue;
      const auto storage = archive.StorageBytes(i).value();
      bytes = {reinterpret_cast<const char*>(storage.data()), storage.size()};
    }
  }
  const Dims shape = At(value.shape, 1);
  const auto* data = bytes.data() + value.constant->byte_offset;
  return at::from_blob(const_cast<char*>(data), shape, value.constant->strides,
                       at::TensorOptions().dtype(ScalarTypeOf(value.dtype)))
      .clone();
}

void Check(const Value& value, const Tensor& tensor, std::int64_t batch, std::string_view what) {
  const bool same = tensor.sizes().vec() == At(value.shape, batch) &&
                    tensor.scalar_type() == ScalarTypeOf(value.dtype);
  if (same) return;
  throw std::runtime_error(std::string(what) + " is said to be " + ToString(value.shape) + " " +
                           std::string(DTypeName(value.dtype)) + ", but is " +
                           c10::str(tensor.sizes(), " ", tensor.scalar_type()));
}

}  // namespace

std::vector<Tensor> EvaluateWithTorch(const Program& program, const Archive& archive,
                                      const std::string& extra, const std::vector<Tensor>& inputs) {
  const at::NoGradGuard no_gradients;
  std::vector<Tensor> values(program.values.size());
  const std::int64_t batch = inputs.at(0).size(0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (program.values[i].constant.has_value())
      values[i] = Constant(program.values[i], archive, extra);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    values[program.inputs[i].value] = inputs[i];
    Check(program.values[program.inputs[i].value], inputs[i], batch, "an input");
  }
  for (const Node& node : program.nodes) {
    Inputs in;
    for (const ValueId id : node.inputs) in.push_back(id == kAbsent ? Tensor() : values[id]);
    const Value& first = program.values[node.outputs.at(0)];
    const Declared declared{ScalarTypeOf(first.dtype), At(first.shape, batch)};
    const Outputs out = std::visit([&](const auto& op) { return Run(op, in, declared); }, node.op);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      values[node.outputs[i]] = out.at(i);
      Check(program.values[node.outputs[i]], out[i], batch, OpName(node.op));
    }
  }
  std::vector<Tensor> outputs;
  for (const Port& port : program.outputs) outputs.push_back(values[port.value]);
  return outputs;
}

}  // namespace fedge::testing
