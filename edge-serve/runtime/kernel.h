#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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
//
// A row gives the same bytes alone and in any batch. So what is computed for one index of the first
// dimension, and in which order it is summed, never depends on how many there are: blocks, threads
// and algorithms are chosen from the sizes behind the first, and a block that spans rows keeps each
// row's sums apart.
//
// Inputs may be views: of any strides, 0 where a dimension was expanded. An output's strides are
// those asked for, and never 0. Outputs overlap no input, but for Unary, Binary, Where, Cast,
// BatchNorm and QuantAdd, where the output may be the very memory of an input of the same strides.
class Kernel {
 public:
  struct Arguments {
    std::span<const TensorView> inputs;  // data is nullptr where an input is absent
    std::span<const TensorView> outputs;
    std::span<std::byte> scratch;  // scratch_bytes(), aligned to 64
  };

  virtual ~Kernel() = default;
  virtual std::size_t scratch_bytes() const { return 0; }
  // Whether Run reads inputs[i]. False for constants that were packed: they need not stay in memory
  // then, and inputs[i].data is nullptr.
  virtual bool reads(std::size_t i) const { return static_cast<void>(i), true; }
  // kOutOfRange for what only the numbers tell: an index out of bounds.
  virtual Status Run(const Arguments& arguments) const = 0;
};

// What a fused kernel does to its first output before it stores it, in order. Convolutions, linear
// layers and matrix products take them.
struct AddInput {
  std::size_t input = 0;  // index into the inputs; of the output's shape
};
using PostOp = std::variant<op::Unary, AddInput>;

// Constants in the form that kernels want, made once and shared by all kernels of a model that want
// the same form, at whatever batch. What a kernel keeps of it stays valid for as long as it is
// kept.
class Packer {
 public:
  using Packed = std::shared_ptr<const std::byte>;  // aligned to 64
  virtual ~Packer() = default;
  // `bytes` bytes made of inputs[input], a constant, by `fill`, which writes all of them. `form`
  // names everything else that they depend on: provider, layout, blocks.
  virtual Packed Pack(std::size_t input, std::string_view form, std::size_t bytes,
                      const std::function<void(std::span<std::byte>)>& fill) = 0;
};

// What a kernel is asked for. Everything outlives the call only.
struct KernelRequest {
  const Node& node;
  std::span<const PostOp> post_ops;
  std::span<const TensorView> inputs;   // data: of constants, else nullptr
  std::span<const TensorView> outputs;  // data: nullptr
  Packer* packer = nullptr;             // absent where kernels run once, or in tests
};

// A source of kernels: portable C++ (every operator, every layout), oneDNN, our own SIMD. Never
// asked for what only changes how memory is looked at: Permute, Expand, Slice, Concat. Asked for
// Reshape where elements must move: it writes inputs[0]'s elements, in row-major order of their
// indices, to outputs[0]; both of any strides. Thread-safe.
class KernelProvider {
 public:
  virtual ~KernelProvider() = default;
  virtual std::string_view name() const = 0;
  // nullptr: not this operator with these types; the next provider is asked.
  virtual std::unique_ptr<const Kernel> Make(const KernelRequest& request) const = 0;
};

}  // namespace fedge
