#include <algorithm>

#include "fedge/lower/operators/support.h"

namespace fedge::lower {
namespace {

std::vector<TensorValue> Promoted(const Call& call) {
  std::vector<TensorValue> tensors = call.Tensors("tensors");
  if (tensors.empty()) Refuse("joins no tensors");
  TensorValue widest = tensors.front();
  for (const TensorValue& tensor : tensors) widest.dtype = Promote(widest, tensor);
  for (TensorValue& tensor : tensors) tensor = call.builder().Cast(tensor, widest.dtype);
  return tensors;
}

Outputs Concat(const Call& call) {
  std::vector<TensorValue> parts = Promoted(call);
  // LibTorch skips empty tensors of one dimension.
  std::erase_if(parts, [](const TensorValue& part) { return part.shape == Shape{Dim(0)}; });
  if (parts.empty()) Refuse("joins empty tensors");
  const std::int64_t dim = call.Axis("dim", parts.front().rank());
  return call.builder().Concat(std::move(parts), dim);
}

Outputs Stack(const Call& call) {
  std::vector<TensorValue> parts = Promoted(call);
  const std::int64_t dim = call.Axis("dim", parts.front().rank() + 1);
  for (TensorValue& part : parts) part = Unsqueeze(call.builder(), part, dim);
  return call.builder().Concat(std::move(parts), dim);
}

// The tensor as often along each dimension.
Outputs Repeat(const Call& call) {
  ProgramBuilder& builder = call.builder();
  TensorValue x = call.Tensor("self");
  const Shape repeats = call.Sizes(call.Knows("dims") ? "dims" : "repeats");
  while (x.shape.size() < repeats.size()) x = Unsqueeze(builder, x, 0);
  const std::size_t skipped = x.shape.size() - repeats.size();
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    const std::size_t dim = i + skipped;
    if (repeats[i] == Dim(1)) continue;
    Shape shape = x.shape;
    if (x.shape[dim] == Dim(1)) {
      shape[dim] = repeats[i];
      x = builder.Expand(x, std::move(shape));
      continue;
    }
    const TensorValue apart = Unsqueeze(builder, x, static_cast<std::int64_t>(dim));
    Shape expanded = apart.shape;
    expanded[dim] = repeats[i];
    shape[dim] = Times(shape[dim], repeats[i]);
    x = builder.Reshape(builder.Expand(apart, std::move(expanded)), std::move(shape));
  }
  return x;
}

// [N, C r r, H, W] -> [N, C, H r, W r]
Outputs PixelShuffle(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  const std::int64_t r = call.Int("upscale_factor");
  if (x.rank() != 4 || !x.shape[1].is_constant() || r < 1) Refuse("takes {}", ToString(x.shape));
  const Dim channels(x.shape[1].base / (r * r));
  const TensorValue apart =
      builder.Reshape(x, {x.shape[0], channels, Dim(r), Dim(r), x.shape[2], x.shape[3]});
  return builder.Reshape(
      builder.Permute(apart, {0, 1, 4, 2, 5, 3}),
      {x.shape[0], channels, Times(x.shape[2], Dim(r)), Times(x.shape[3], Dim(r))});
}

Outputs PixelUnshuffle(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  const std::int64_t r = call.Int("downscale_factor");
  if (x.rank() != 4 || !x.shape[2].is_constant() || !x.shape[3].is_constant() || r < 1) {
    Refuse("takes {}", ToString(x.shape));
  }
  const Dim height(x.shape[2].base / r);
  const Dim width(x.shape[3].base / r);
  const TensorValue apart =
      builder.Reshape(x, {x.shape[0], x.shape[1], height, Dim(r), width, Dim(r)});
  return builder.Reshape(builder.Permute(apart, {0, 1, 3, 5, 2, 4}),
                         {x.shape[0], Times(x.shape[1], Dim(r * r)), height, width});
}

Outputs ChannelShuffle(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  const std::int64_t groups = call.Int("groups");
  if (x.rank() < 3 || !x.shape[1].is_constant() || groups < 1)
    Refuse("takes {}", ToString(x.shape));
  Shape apart = x.shape;
  apart[1] = Dim(x.shape[1].base / groups);
  apart.insert(apart.begin() + 1, Dim(groups));
  return builder.Reshape(Transpose(builder, builder.Reshape(x, std::move(apart)), 1, 2), x.shape);
}

}  // namespace

void AddJoining(OperatorTable& table) {
  table.Add({"cat", "concat", "concatenate"}, Concat);
  table.Add({"stack"}, Stack);
  table.Add({"repeat", "tile"}, Repeat);
  table.Add({"pixel_shuffle"}, PixelShuffle);
  table.Add({"pixel_unshuffle"}, PixelUnshuffle);
  table.Add({"channel_shuffle", "native_channel_shuffle"}, ChannelShuffle);
}

}  // namespace fedge::lower
