#include <algorithm>
#include <array>
#include <cstring>

#include "fedge/engine/portable/convert.h"
#include "fedge/engine/portable/kernels.h"
#include "fedge/engine/portable/strided.h"

namespace fedge::portable {
namespace {

// Which element of a dimension the output's element i shows; -1: none.
std::int64_t SourceIndex(op::Pad::Mode mode, std::int64_t i, std::int64_t size) {
  if (i >= 0 && i < size) return i;
  switch (mode) {
    case op::Pad::Mode::kReflect:
      return i < 0 ? -i : 2 * (size - 1) - i;
    case op::Pad::Mode::kReplicate:
      return std::clamp<std::int64_t>(i, 0, size - 1);
    default:
      return -1;
  }
}

class PadKernel : public Kernel {
 public:
  PadKernel(const op::Pad& op, const KernelRequest& request)
      : element_size_(DTypeSize(request.outputs[0].dtype)) {
    const TensorSpec input(request.inputs[0]), output(request.outputs[0]);
    Store(&op.value, 1, value_.data(), output.dtype, 1);
    for (std::size_t d = 0; d < output.rank(); ++d) {
      if (output.dims[d] == 0) empty_ = true;
      Level level{output.strides[d], {}};
      for (std::int64_t i = 0; i < output.dims[d]; ++i) {
        const std::int64_t source = SourceIndex(op.mode, i - op.begin[d], input.dims[d]);
        level.sources.push_back(source < 0 ? kNone : source * input.strides[d]);
      }
      levels_.push_back(std::move(level));
    }
    // As the output lies in memory.
    std::stable_sort(levels_.begin(), levels_.end(),
                     [](const Level& a, const Level& b) { return a.step > b.step; });
    if (levels_.empty()) levels_.push_back({1, {0}});
  }

  Status Run(const Arguments& arguments) const override {
    if (empty_) return OkStatus();
    switch (element_size_) {
      case 1:
        return Fill<std::uint8_t>(arguments);
      case 2:
        return Fill<std::uint16_t>(arguments);
      case 4:
        return Fill<std::uint32_t>(arguments);
      default:
        return Fill<std::uint64_t>(arguments);
    }
  }

 private:
  static constexpr std::int64_t kNone = -1;
  struct Level {
    std::int64_t step;                  // of the output
    std::vector<std::int64_t> sources;  // offsets into the input, or kNone
  };

  template <class Element>
  Status Fill(const Arguments& arguments) const {
    Element value;
    std::memcpy(&value, value_.data(), sizeof value);
    Descend(0, arguments.inputs[0].as<const Element>(), arguments.outputs[0].as<Element>(), value);
    return OkStatus();
  }

  // `from` is nullptr where an outer dimension is outside already.
  template <class Element>
  void Descend(std::size_t index, const Element* from, Element* to, Element value) const {
    const Level& level = levels_[index];
    const bool innermost = index + 1 == levels_.size();
    for (const std::int64_t source : level.sources) {
      const bool inside = from != nullptr && source != kNone;
      if (innermost) {
        *to = inside ? from[source] : value;
      } else {
        Descend(index + 1, inside ? from + source : nullptr, to, value);
      }
      to += level.step;
    }
  }

  std::size_t element_size_;
  bool empty_ = false;
  alignas(double) std::array<std::byte, 8> value_ = {};
  std::vector<Level> levels_;
};

}  // namespace

KernelPtr Make(const op::Pad& op, const KernelRequest& request) {
  if (request.inputs[0].dtype != request.outputs[0].dtype) return nullptr;
  return std::make_unique<PadKernel>(op, request);
}

}  // namespace fedge::portable
