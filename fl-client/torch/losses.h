#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "fedge/common/result.h"

namespace at {
class Tensor;
}

namespace fedge {

// A named training objective. Functions throw what LibTorch throws, and std::invalid_argument with
// a message for a person where output and target do not fit each other. Stateless; thread-safe.
struct Loss {
  std::string_view name;
  std::string_view help;
  // The mean over a batch (and over positions, for sequences): a scalar that can be differentiated.
  at::Tensor (*mean)(const at::Tensor& output, const at::Tensor& target);
  // How many of the targets the output hits, and out of how many; {0, 0} where that means nothing.
  struct Hits {
    std::int64_t correct = 0;
    std::int64_t total = 0;
  };
  Hits (*hits)(const at::Tensor& output, const at::Tensor& target);
};

// Every loss by name:
//   cross-entropy  output [N, C] or [N, T, C] logits; target [N] or [N, T] classes
//   nll            the same for log-probabilities
//   bce            output logits; target of as many elements, 0 to 1
//   mse, l1        output and target of as many elements
std::span<const Loss> Losses();

// kInvalidArgument names the losses there are.
Result<const Loss*> FindLoss(std::string_view name);

// For a model whose own training_step gives the loss: hits as cross-entropy counts them if the
// output looks like classes.
Loss::Hits CountClassHits(const at::Tensor& output, const at::Tensor& target);

}  // namespace fedge
