#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <string>

#include "fedge/engine/portable/convert.h"
#include "fedge/engine/portable/kernels.h"
#include "fedge/engine/portable/scratch.h"
#include "fedge/engine/portable/strided.h"

namespace fedge::portable {

// An input in the form that a kernel computes with: made with the kernel where the input is
// constant, through the request's packer so that the kernels of a model share it; else in scratch,
// each time before it is used.
template <class T>
class Packed {
 public:
  using Fill = std::function<void(const TensorView& input, T* to)>;

  Packed() = default;
  // `fill` writes `count` elements; without allocating where the input is not constant.
  Packed(const KernelRequest& request, std::size_t input, const std::string& form,
         std::int64_t count, Fill fill, ScratchPlan& plan)
      : input_(input), view_(InputOrNone(request.inputs, input)), fill_(std::move(fill)) {
    const TensorView view = InputOrNone(request.inputs, input);
    if (view.data == nullptr && IsPresent(view)) {
      scratch_ = plan.Add<T>(count);
      return;
    }
    const std::size_t bytes =
        static_cast<std::size_t>(std::max<std::int64_t>(count, 1)) * sizeof(T);
    if (request.packer != nullptr && view.data != nullptr) {
      const auto fill_bytes = [&](std::span<std::byte> to) {
        fill_(view, reinterpret_cast<T*>(to.data()));
      };
      constant_ = request.packer->Pack(input, "portable " + form, bytes, fill_bytes);
      return;
    }
    constexpr std::align_val_t kAlignment{64};
    auto* const memory = static_cast<std::byte*>(::operator new(bytes, kAlignment));
    constant_ = {memory, [](const std::byte* p) {
                   ::operator delete(const_cast<std::byte*>(p), kAlignment);
                 }};
    fill_(view, reinterpret_cast<T*>(memory));
  }

  bool constant() const { return constant_ != nullptr; }
  // The packed input, or where it is to be packed.
  const T* Get(const Kernel::Arguments& arguments) const {
    if (constant()) return reinterpret_cast<const T*>(constant_.get());
    return ScratchAt<T>(arguments.scratch, scratch_);
  }
  // Packs what is not constant, from `offset` elements into the input on.
  void Update(const Kernel::Arguments& arguments, std::int64_t offset = 0) const {
    if (constant()) return;
    const auto size = static_cast<std::int64_t>(DTypeSize(view_.dtype));
    fill_(view_.View(arguments.inputs[input_].data + offset * size),
          ScratchAt<T>(arguments.scratch, scratch_));
  }

 private:
  std::size_t input_ = 0;
  TensorSpec view_;
  Fill fill_;
  std::shared_ptr<const std::byte> constant_;
  std::size_t scratch_ = 0;
};

}  // namespace fedge::portable
