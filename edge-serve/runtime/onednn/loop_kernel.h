#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "fedge/engine/onednn/pack.h"
#include "fedge/engine/onednn/post_ops.h"

namespace fedge::onednn {

inline constexpr std::size_t kMaxOperands = 8;

// A tensor that changes from execution to execution.
struct Operand {
  bool output = false;
  std::size_t index = 0;  // of the inputs or outputs
  std::int64_t step = 0;  // bytes from one index of the first dimension to the next
};

// What is made before an output is added to: the addend's elements for one index of the output's
// first dimension are copied, `bytes` in a row.
struct CopiedAddend {
  Operand from;
  std::size_t bytes = 0;
};

// Executions of one primitive: `count`, each for `length` indices of the output's first dimension.
struct Part {
  std::unique_ptr<const Primitive> primitive;
  std::int64_t first = 0, count = 1, length = 1;
};

// A primitive for part of the output's first dimension, executed until all of it is done.
struct Loop {
  RuntimePtr runtime = {};
  int threads = 1;
  std::vector<Operand> operands =
      {};  // those of the primitives, in order; the output is the first one
  std::optional<CopiedAddend> addend = {};
  std::vector<bool> unread = {};  // by input: constants that were packed
  std::vector<Part> parts = {};
};

std::unique_ptr<const Kernel> MakeLoopKernel(Loop loop);

// Bytes from one index of dimension 0 to the next, when tensors of `dims` are read; 0 where that
// dimension is broadcast.
std::int64_t FirstStep(const TensorView& view, std::span<const std::int64_t> dims);

}  // namespace fedge::onednn
