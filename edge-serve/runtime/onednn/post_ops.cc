#include "fedge/engine/onednn/post_ops.h"

#include <cmath>

namespace fedge::onednn {
namespace {

using Kind = op::Unary::Kind;

struct Step {
  dnnl_alg_kind_t kind;
  float alpha = 0, beta = 0;
};

// In oneDNN's terms; empty where it has none. A NaN that comes out of the sum may be lost: oneDNN's
// relu and clip take the larger of two numbers as the CPU does.
std::vector<Step> StepsOf(const op::Unary& op) {
  const auto alpha = static_cast<float>(op.alpha);
  const auto beta = static_cast<float>(op.beta);
  switch (op.kind) {
    case Kind::kRelu:
      return {{dnnl_eltwise_relu}};
    case Kind::kRelu6:
      return {{dnnl_eltwise_clip, 0, 6}};
    case Kind::kClamp:
      if (!(alpha <= beta)) return {};  // NaN as well
      return {{dnnl_eltwise_clip, alpha, beta}};
    case Kind::kLeakyRelu:
      return {{dnnl_eltwise_relu, alpha}};
    case Kind::kHardswish:
      return {{dnnl_eltwise_hardswish}};
    case Kind::kHardsigmoid:
      return {{dnnl_eltwise_linear, 1.0F / 6, 0.5F}, {dnnl_eltwise_clip, 0, 1}};
    case Kind::kSilu:
      return {{dnnl_eltwise_swish, 1}};
    case Kind::kGelu:
      return {{dnnl_eltwise_gelu_erf}};
    case Kind::kGeluTanh:
      return {{dnnl_eltwise_gelu_tanh}};
    case Kind::kSigmoid:
      return {{dnnl_eltwise_logistic}};
    case Kind::kTanh:
      return {{dnnl_eltwise_tanh}};
    case Kind::kElu:
      return {{dnnl_eltwise_elu, alpha}};
    default:
      return {};
  }
}

bool Append(const Runtime& runtime, dnnl_post_ops_t ops, const op::Unary& op, int& count) {
  const auto steps = StepsOf(op);
  for (const Step& step : steps) {
    if (runtime->post_ops_append_eltwise(ops, 1, step.kind, step.alpha, step.beta) !=
        dnnl_success) {
      return false;
    }
    ++count;
  }
  return !steps.empty();
}

}  // namespace

std::optional<Attributes> MakeAttributes(const Runtime& runtime, std::span<const PostOp> post_ops,
                                         const dnnl_memory_desc_t& output, Residual residual) {
  Attributes made;
  dnnl_post_ops_t created = nullptr;
  if (runtime->post_ops_create(&created) != dnnl_success) return std::nullopt;
  const Handle<dnnl_post_ops_t> ops(created, runtime->post_ops_destroy);
  int count = 0;
  for (const PostOp& post_op : post_ops) {
    if (const auto* unary = std::get_if<op::Unary>(&post_op)) {
      if (!Append(runtime, created, *unary, count)) return std::nullopt;
      continue;
    }
    const std::size_t input = std::get<AddInput>(post_op).input;
    const bool sum = residual == Residual::kSum && !made.sum.has_value();
    const dnnl_status_t status =
        sum ? runtime->post_ops_append_sum(created, 1)
            : runtime->post_ops_append_binary(created, dnnl_binary_add, &output);
    if (status != dnnl_success) return std::nullopt;
    if (sum) {
      made.sum = input;
    } else {
      made.added.push_back({input, DNNL_ARG_ATTR_MULTIPLE_POST_OP(count) | DNNL_ARG_SRC_1});
    }
    ++count;
  }
  dnnl_primitive_attr_t attributes = nullptr;
  if (runtime->primitive_attr_create(&attributes) != dnnl_success) return std::nullopt;
  made.attributes = {attributes, runtime->primitive_attr_destroy};
  if (runtime->primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) !=
          dnnl_success ||
      runtime->primitive_attr_set_post_ops(attributes, created) != dnnl_success) {
    return std::nullopt;
  }
  return made;
}

}  // namespace fedge::onednn
