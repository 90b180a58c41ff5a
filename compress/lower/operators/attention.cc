#include <cmath>

#include "fedge/lower/operators/support.h"

namespace fedge::lower {
namespace {

using Kind = op::Binary::Kind;

// Keys and values shared by groups of query heads: repeated for each head.
TensorValue RepeatHeads(ProgramBuilder& builder, const TensorValue& x, const Dim& heads) {
  if (x.rank() < 3) Refuse("shares heads of {}", ToString(x.shape));
  const std::size_t dim = x.shape.size() - 3;
  const auto times = DivideExactly(heads, x.shape[dim]);
  if (!times || !times->is_constant()) Refuse("shares heads of {}", ToString(x.shape));
  if (*times == Dim(1)) return x;
  const TensorValue apart = Unsqueeze(builder, x, static_cast<std::int64_t>(dim) + 1);
  Shape expanded = apart.shape;
  expanded[dim + 1] = *times;
  Shape shape = x.shape;
  shape[dim] = heads;
  return builder.Reshape(builder.Expand(apart, std::move(expanded)), std::move(shape));
}

double DefaultScale(const TensorValue& query) {
  if (query.shape.empty() || !query.shape.back().is_constant()) Refuse("has no query");
  return 1 / std::sqrt(static_cast<double>(query.shape.back().base));
}

Outputs ScaledDotProduct(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue query = call.Tensor("query");
  TensorValue key = call.Tensor("key");
  TensorValue value = call.Tensor("value");
  if (call.Number("dropout_p", 0) != 0) Refuse("drops attention at random; set dropout to 0");
  if (call.Knows("enable_gqa") && call.Bool("enable_gqa")) {
    const Dim heads = query.shape.at(query.shape.size() - 3);
    key = RepeatHeads(builder, key, heads);
    value = RepeatHeads(builder, value, heads);
  }
  const double scale =
      call.Knows("scale") ? call.Number("scale", DefaultScale(query)) : DefaultScale(query);
  return builder.Emit(op::Attention{scale, call.Bool("is_causal", false)},
                      {query, key, value, call.OptionalTensor("attn_mask")});
}

// [N, L, H D] -> [N, H, L, D]
TensorValue SplitHeads(ProgramBuilder& builder, const TensorValue& x, std::int64_t heads) {
  const Dim size(x.shape[2].base / heads);
  return builder.Permute(builder.Reshape(x, {x.shape[0], x.shape[1], Dim(heads), size}),
                         {0, 2, 1, 3});
}

TensorValue JoinHeads(ProgramBuilder& builder, const TensorValue& x) {
  const TensorValue back = builder.Permute(x, {0, 2, 1, 3});
  return builder.Reshape(back, {x.shape[0], x.shape[2], Times(x.shape[1], x.shape[3])});
}

// Of _native_multi_head_attention and _transformer_encoder_layer_fwd: true leaves out. One of
// [N, S] (mask_type 1) leaves out keys, one of [L, L] (0) pairs, [N, H, L, L] (2) both.
TensorValue KeepMask(ProgramBuilder& builder, const TensorValue& mask, std::int64_t type) {
  TensorValue keep = mask;
  if (mask.dtype == c10::kBool) keep = builder.Unary(op::Unary::Kind::kNot, mask);
  if (type == 1) {
    keep = builder.Reshape(keep, {mask.shape.at(0), Dim(1), Dim(1), mask.shape.at(1)});
  }
  return keep;
}

struct SelfAttention {
  std::int64_t dim = 0;
  std::int64_t heads = 1;
  TensorValue query, key, value;
  TensorValue weight, bias;  // [3 E, E], [3 E]
  TensorValue mask = {};     // true keeps, or added
};

TensorValue Part(ProgramBuilder& builder, const TensorValue& x, std::int64_t i, std::int64_t dim) {
  if (x.is_constant()) return ConstantTensor(x.constant.narrow(0, i * dim, dim));
  return builder.Slice(x, 0, i * dim, Dim(dim));
}

TensorValue Project(ProgramBuilder& builder, const SelfAttention& self, const TensorValue& x,
                    std::int64_t i) {
  return SplitHeads(builder,
                    EmitLinear(builder, x, Part(builder, self.weight, i, self.dim),
                               Part(builder, self.bias, i, self.dim)),
                    self.heads);
}

struct Attended {
  TensorValue output;   // [N, L, E]
  TensorValue weights;  // [N, H, L, S], if they were asked for
};

Attended Attend(ProgramBuilder& builder, const SelfAttention& self, bool need_weights) {
  const TensorValue query = Project(builder, self, self.query, 0);
  const TensorValue key = Project(builder, self, self.key, 1);
  const TensorValue value = Project(builder, self, self.value, 2);
  const double scale = DefaultScale(query);
  if (!need_weights) {
    const TensorValue attended =
        builder.Emit(op::Attention{scale, false}, {query, key, value, self.mask});
    return {JoinHeads(builder, attended), MissingTensor("uses attention weights not asked for")};
  }
  const TensorValue scaled =
      builder.Binary(Kind::kMul, query, ProgramBuilder::Scalar(scale, query.dtype));
  TensorValue scores = builder.Emit(op::MatMul{}, {scaled, Transpose(builder, key, 2, 3)});
  if (self.mask.id != kAbsent || self.mask.is_constant()) {
    if (self.mask.dtype == c10::kBool) {
      scores = builder.Emit(op::Where{},
                            {self.mask, scores, ProgramBuilder::Scalar(-INFINITY, scores.dtype)});
    } else {
      scores = builder.Binary(Kind::kAdd, scores, self.mask);
    }
  }
  const TensorValue weights = EmitSoftmax(builder, scores, 3);
  return {JoinHeads(builder, builder.Emit(op::MatMul{}, {weights, value})), weights};
}

Outputs NativeMultiHead(const Call& call) {
  ProgramBuilder& builder = call.builder();
  SelfAttention self{.dim = call.Int("embed_dim"),
                     .heads = call.Int("num_head"),
                     .query = call.Tensor("query"),
                     .key = call.Tensor("key"),
                     .value = call.Tensor("value"),
                     .weight = call.Tensor("qkv_weight"),
                     .bias = call.Tensor("qkv_bias")};
  if (call.Has("mask")) {
    self.mask = KeepMask(builder, call.Tensor("mask"), call.Int("mask_type", 2));
  }
  const bool need_weights = call.Bool("need_weights");
  Attended attended = Attend(builder, self, need_weights);
  const TensorValue output =
      EmitLinear(builder, attended.output, call.Tensor("proj_weight"), call.Tensor("proj_bias"));
  if (need_weights && call.Bool("average_attn_weights")) {
    attended.weights =
        builder.Emit(op::Reduce{op::Reduce::Kind::kMean, {1}, false}, {attended.weights});
  }
  return {Outputs::Kind::kSeveral, {output, attended.weights}};
}

TensorValue EncoderNorm(const Call& call, const TensorValue& x, const char* number) {
  return call.builder().Emit(op::LayerNorm{1, call.Number("eps")},
                             {x, call.Tensor(std::string("norm_weight_") + number),
                              call.Tensor(std::string("norm_bias_") + number)});
}

TensorValue FeedForward(const Call& call, const TensorValue& x) {
  ProgramBuilder& builder = call.builder();
  const auto activation = call.Bool("use_gelu") ? op::Unary::Kind::kGelu : op::Unary::Kind::kRelu;
  const TensorValue hidden =
      EmitLinear(builder, x, call.Tensor("ffn_weight_1"), call.Tensor("ffn_bias_1"));
  return EmitLinear(builder, builder.Unary(activation, hidden), call.Tensor("ffn_weight_2"),
                    call.Tensor("ffn_bias_2"));
}

Outputs EncoderLayer(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("src");
  const bool norm_first = call.Bool("norm_first");
  const TensorValue attended = norm_first ? EncoderNorm(call, x, "1") : x;
  SelfAttention self{.dim = call.Int("embed_dim"),
                     .heads = call.Int("num_heads"),
                     .query = attended,
                     .key = attended,
                     .value = attended,
                     .weight = call.Tensor("qkv_weight"),
                     .bias = call.Tensor("qkv_bias")};
  if (call.Has("mask")) {
    self.mask = KeepMask(builder, call.Tensor("mask"), call.Int("mask_type", 2));
  }
  const TensorValue projected = EmitLinear(builder, Attend(builder, self, false).output,
                                           call.Tensor("proj_weight"), call.Tensor("proj_bias"));
  TensorValue y = builder.Binary(Kind::kAdd, x, projected);
  if (!norm_first) y = EncoderNorm(call, y, "1");
  const TensorValue forward = FeedForward(call, norm_first ? EncoderNorm(call, y, "2") : y);
  y = builder.Binary(Kind::kAdd, y, forward);
  return norm_first ? y : EncoderNorm(call, y, "2");
}

}  // namespace

void AddAttention(OperatorTable& table) {
  table.Add({"scaled_dot_product_attention"}, ScaledDotProduct);
  table.Add({"_native_multi_head_attention"}, NativeMultiHead);
  table.Add({"_transformer_encoder_layer_fwd"}, EncoderLayer);
}

}  // namespace fedge::lower
