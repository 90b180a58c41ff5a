#include <algorithm>
#include <vector>

#include "fedge/engine/portable/quant_product.h"
#include "fedge/engine/portable/strided.h"

namespace fedge::portable {
namespace {

std::span<const std::int64_t> Rows(std::span<const std::int64_t> sizes) {
  return sizes.first(sizes.size() - 1);
}

// Linear layers over bytes, and over numbers that become bytes row by row.
class QuantLinearKernel : public Kernel {
 public:
  QuantLinearKernel(const KernelRequest& request, bool dynamic)
      : dynamic_(dynamic),
        depth_(request.inputs[0].dims.back()),
        step_(request.inputs[0].strides.back()),
        matrix_(request.inputs[1].dims[0], 1, depth_),
        input_(Rows(request.inputs[0].dims), Rows(request.inputs[0].strides)),
        output_(Rows(request.outputs[0].dims), Rows(request.outputs[0].strides)),
        output_size_(static_cast<std::int64_t>(DTypeSize(request.outputs[0].dtype))) {
    using Inputs = QuantEpilogue::Inputs;
    epilogue_ = QuantEpilogue(request, request.outputs[0].dims.size() - 1,
                              dynamic ? Inputs::kScaleAndBias : Inputs::kBiasAndScale, plan_);
    const auto fill = [matrix = matrix_](const TensorView& weight, std::int8_t* to) {
      std::fill_n(to, matrix.bytes(), std::int8_t{0});
      for (std::int64_t o = 0; o < matrix.outputs(); ++o) {
        matrix.Put({o, 0, 0, matrix.length()},
                   weight.as<const std::int8_t>() + o * weight.strides[0], weight.strides[1], to);
      }
    };
    packed_ = Packed<std::int8_t>(request, 1, "quant linear", matrix_.bytes(), fill, plan_);
    if (dynamic || step_ != 1) bytes_ = plan_.Add<std::uint8_t>(kQuantBlockRows * depth_);
    if (dynamic && step_ != 1) row_ = plan_.Add<float>(depth_);
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }
  bool reads(std::size_t i) const override {
    return i == 1 ? !packed_.constant() : epilogue_.reads(i);
  }

  Status Run(const Arguments& arguments) const override {
    packed_.Update(arguments);
    epilogue_.Update(arguments);
    for (std::int64_t first = 0; first < output_.size(); first += kQuantBlockRows) {
      RunBlock(arguments, first, std::min(kQuantBlockRows, output_.size() - first));
    }
    return OkStatus();
  }

 private:
  void RunBlock(const Arguments& arguments, std::int64_t first, std::int64_t num_rows) const {
    const std::uint8_t* rows[kQuantBlockRows];
    std::int64_t offsets[kQuantBlockRows];
    QuantRange ranges[kQuantBlockRows];
    for (std::int64_t r = 0; r < num_rows; ++r) {
      rows[r] = Row(arguments, first + r, r, ranges[r]);
      offsets[r] = output_(first + r) * output_size_;
    }
    const QuantBlock block{.rows = rows,
                           .num_rows = num_rows,
                           .panels = packed_.Get(arguments),
                           .offsets = offsets,
                           .ranges = ranges,
                           .range_step = 1};
    Multiply(matrix_, block, epilogue_, arguments);
  }

  // Row `index` of x, as bytes next to each other; those that are not are made at place `r`.
  const std::uint8_t* Row(const Arguments& arguments, std::int64_t index, std::int64_t r,
                          QuantRange& range) const {
    const TensorView& x = arguments.inputs[0];
    auto* const to = ScratchAt<std::uint8_t>(arguments.scratch, bytes_) + r * depth_;
    if (!dynamic_) {
      const auto* const from = x.as<const std::uint8_t>() + input_(index);
      if (step_ == 1) return from;
      for (std::int64_t i = 0; i < depth_; ++i) to[i] = from[i * step_];
      return to;
    }
    const float* from = x.as<const float>() + input_(index);
    if (step_ != 1) {
      auto* const row = ScratchAt<float>(arguments.scratch, row_);
      for (std::int64_t i = 0; i < depth_; ++i) row[i] = from[i * step_];
      from = row;
    }
    QuantLimits limits;
    BestQuantKernels().find_limits(from, depth_, limits);
    range = RangeOf(limits);
    BestQuantKernels().quantize(from, depth_, 1.0F / range.scale, range.zero_point, to);
    return to;
  }

  bool dynamic_;
  std::int64_t depth_, step_;  // of a row of x
  QuantPanels matrix_;
  FlatIndex input_, output_;  // rows
  std::int64_t output_size_;
  ScratchPlan plan_;
  QuantEpilogue epilogue_;
  Packed<std::int8_t> packed_;
  std::size_t bytes_ = 0, row_ = 0;
};

}  // namespace

KernelPtr Make(const op::QuantLinear&, const KernelRequest& request) {
  return std::make_unique<QuantLinearKernel>(request, false);
}

KernelPtr Make(const op::DynamicQuantLinear&, const KernelRequest& request) {
  return std::make_unique<QuantLinearKernel>(request, true);
}

}  // namespace fedge::portable
