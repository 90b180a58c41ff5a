#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>

#include "fedge/common/result.h"
#include "fedge/program/program.h"

namespace fedge {

// A tensor at one batch: elements at data + sum(index[i] * strides[i]). Channels-last tensors keep
// their logical dimensions [N, C, H, W] and have the strides of [N, H, W, C].
struct TensorView {
  std::byte* data = nullptr;
  DType dtype = DType::kFloat32;
  std::span<const std::int64_t> dims;
  std::span<const std::int64_t> strides;  // in elements
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data);
  }
};

// One node made ready for one set of shapes and layouts: packed weights, chosen blocks, code.
// Immutable and thread-safe: Run touches only what it is given and allocates nothing.
class Kernel {
 public:
  struct Arguments {
    std::span<const TensorView> inputs;  // data is nullptr where an input is absent
    std::span<const TensorView> outputs;
    std::span<std::byte> scratch;  // scratch_bytes(), aligned to 64
  };

  virtual ~Kernel() = default;
  virtual std::size_t scratch_bytes() const { return 0; }
  // kOutOfRange for what only the numbers tell: an index out of bounds.
  virtual Status Run(const Arguments& arguments) const = 0;
};

// What a fused kernel does to its first output before it stores it, in order. Convolutions, linear
// layers and matrix products take them.
struct AddInput {
  std::size_t input = 0;  // index into the inputs; of the output's shape
};
using PostOp = std::variant<op::Unary, AddInput>;

// What a kernel is asked for. Everything outlives the call only.
struct KernelRequest {
  const Node& node;
  std::span<const PostOp> post_ops;
  std::span<const TensorView> inputs;   // data: of constants, else nullptr
  std::span<const TensorView> outputs;  // data: nullptr
};

// A source of kernels: portable C++ (every operator, every layout), oneDNN, our own SIMD.
class KernelProvider {
 public:
  virtual ~KernelProvider() = default;
  virtual std::string_view name() const = 0;
  // nullptr: not this operator with these types; the next provider is asked.
  virtual std::unique_ptr<const Kernel> Make(const KernelRequest& request) const = 0;
};

}  // namespace fedge
