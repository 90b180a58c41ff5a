#include "fedge/learn/losses.h"

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/l1_loss.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/nll_loss.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace fedge {
namespace {

std::string Shape(const at::Tensor& tensor) {
  return fmt::format("[{}]", fmt::join(tensor.sizes().begin(), tensor.sizes().end(), ", "));
}

[[noreturn]] void ThrowMismatch(const at::Tensor& output, const at::Tensor& target,
                                std::string_view wanted) {
  throw std::invalid_argument(fmt::format("the model's output is {} but the targets are {}; {}",
                                          Shape(output), Shape(target), wanted));
}

bool LooksLikeClasses(const at::Tensor& output, const at::Tensor& target) {
  return target.scalar_type() == at::kLong && output.dim() >= 2 && output.is_floating_point() &&
         output.numel() == target.numel() * output.size(-1);
}

struct Rows {
  at::Tensor scores;   // [rows, classes]
  at::Tensor classes;  // [rows]
};

Rows ClassRows(const at::Tensor& output, const at::Tensor& target) {
  if (!LooksLikeClasses(output, target)) {
    ThrowMismatch(output, target,
                  "this loss needs one score per class and integer classes as targets");
  }
  return {output.reshape({-1, output.size(-1)}), target.reshape({-1})};
}

at::Tensor CrossEntropy(const at::Tensor& output, const at::Tensor& target) {
  const Rows rows = ClassRows(output, target);
  return at::cross_entropy_loss(rows.scores, rows.classes);
}

at::Tensor Nll(const at::Tensor& output, const at::Tensor& target) {
  const Rows rows = ClassRows(output, target);
  return at::nll_loss(rows.scores, rows.classes);
}

// The target as the output's type and shape: without it, [N] against [N, 1] would broadcast to [N,
// N].
at::Tensor AsOutput(const at::Tensor& output, const at::Tensor& target) {
  if (output.numel() != target.numel()) {
    ThrowMismatch(output, target, "this loss needs one target per output");
  }
  return target.reshape(output.sizes()).to(output.scalar_type());
}

at::Tensor Bce(const at::Tensor& output, const at::Tensor& target) {
  return at::binary_cross_entropy_with_logits(output, AsOutput(output, target));
}

at::Tensor Mse(const at::Tensor& output, const at::Tensor& target) {
  return at::mse_loss(output, AsOutput(output, target));
}

at::Tensor L1(const at::Tensor& output, const at::Tensor& target) {
  return at::l1_loss(output, AsOutput(output, target));
}

Loss::Hits BinaryHits(const at::Tensor& output, const at::Tensor& target) {
  const at::Tensor wanted = AsOutput(output, target).gt(0.5);
  return {output.gt(0).eq(wanted).sum().item<std::int64_t>(), target.numel()};
}

Loss::Hits NoHits(const at::Tensor&, const at::Tensor&) { return {}; }

constexpr std::array kLosses = {
    Loss{"cross-entropy", "classes, from logits", CrossEntropy, CountClassHits},
    Loss{"nll", "classes, from log-probabilities", Nll, CountClassHits},
    Loss{"bce", "yes or no, from logits", Bce, BinaryHits},
    Loss{"mse", "numbers, squared error", Mse, NoHits},
    Loss{"l1", "numbers, absolute error", L1, NoHits},
};

}  // namespace

Loss::Hits CountClassHits(const at::Tensor& output, const at::Tensor& target) {
  if (!LooksLikeClasses(output, target)) return {};
  const at::Tensor predicted = output.argmax(-1).reshape({-1});
  return {predicted.eq(target.reshape({-1})).sum().item<std::int64_t>(), target.numel()};
}

std::span<const Loss> Losses() { return kLosses; }

Result<const Loss*> FindLoss(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Loss& loss : kLosses) {
    if (loss.name == name) return &loss;
    known.push_back(loss.name);
  }
  return InvalidArgument("unknown loss '{}'; known: {}", name, fmt::join(known, ", "));
}

}  // namespace fedge
