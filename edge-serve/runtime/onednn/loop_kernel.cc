#include "fedge/engine/onednn/loop_kernel.h"

#include <algorithm>
#include <cstring>

namespace fedge::onednn {
namespace {

std::byte* At(const Kernel::Arguments& arguments, const Operand& operand, std::int64_t index) {
  const TensorView& view =
      operand.output ? arguments.outputs[operand.index] : arguments.inputs[operand.index];
  return view.data + index * operand.step;
}

class LoopKernel final : public Kernel {
 public:
  explicit LoopKernel(Loop loop) : loop_(std::move(loop)) {
    for (const Part& part : loop_.parts) {
      scratch_bytes_ = std::max(scratch_bytes_, part.primitive->scratch_bytes());
    }
  }

  std::size_t scratch_bytes() const override { return scratch_bytes_; }
  bool reads(std::size_t i) const override { return i >= loop_.unread.size() || !loop_.unread[i]; }

  Status Run(const Arguments& arguments) const override {
    const ThreadsHere threads(*loop_.runtime, loop_.threads);
    for (const Part& part : loop_.parts) {
      Primitive::Session session(*part.primitive);
      for (std::int64_t i = 0; i < part.count; ++i) {
        const std::int64_t first = part.first + i * part.length;
        if (loop_.addend.has_value()) CopyAddend(arguments, first, part.length);
        std::array<std::byte*, kMaxOperands> data;
        for (std::size_t k = 0; k < loop_.operands.size(); ++k) {
          data[k] = At(arguments, loop_.operands[k], first);
        }
        FEDGE_RETURN_IF_ERROR(
            session.Execute({data.data(), loop_.operands.size()}, arguments.scratch.data()));
      }
    }
    return OkStatus();
  }

 private:
  void CopyAddend(const Arguments& arguments, std::int64_t first, std::int64_t count) const {
    for (std::int64_t i = first; i < first + count; ++i) {
      std::memcpy(At(arguments, loop_.operands[0], i), At(arguments, loop_.addend->from, i),
                  loop_.addend->bytes);
    }
  }

  const Loop loop_;
  std::size_t scratch_bytes_ = 0;
};

}  // namespace

std::unique_ptr<const Kernel> MakeLoopKernel(Loop loop) {
  if (loop.operands.size() > kMaxOperands) return nullptr;
  return std::make_unique<LoopKernel>(std::move(loop));
}

std::int64_t FirstStep(const TensorView& view, std::span<const std::int64_t> dims) {
  if (view.dims.size() < dims.size() || view.dims[0] == 1) return 0;
  return view.strides[0] * static_cast<std::int64_t>(DTypeSize(view.dtype));
}

}  // namespace fedge::onednn
