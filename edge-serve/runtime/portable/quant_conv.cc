#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "fedge/engine/portable/quant_conv_rows.h"
#include "fedge/engine/portable/quant_image.h"
#include "fedge/engine/portable/quant_product.h"

namespace fedge::portable {
namespace {

// Convolutions over bytes, and over numbers that become bytes image by image.
class QuantConvKernel : public Kernel {
 public:
  QuantConvKernel(const op::Conv& op, const KernelRequest& request, bool dynamic)
      : shape_(op, request),
        images_(request.inputs[0], plan_),
        rows_(op, shape_, images_.strides()),
        matrix_(shape_.outputs_per_group(), rows_.num_taps(), rows_.length()),
        output_(ImageStrides(request.outputs[0].strides)) {
    using Inputs = QuantEpilogue::Inputs;
    for (std::int64_t& stride : output_) {
      stride *= static_cast<std::int64_t>(DTypeSize(request.outputs[0].dtype));
    }
    epilogue_ =
        QuantEpilogue(request, 1, dynamic ? Inputs::kScaleAndBias : Inputs::kBiasAndScale, plan_);
    PlanWeights(request);
    padding_ = plan_.Add<std::uint8_t>(shape_.channels);
    pointers_ = plan_.Add<const std::uint8_t*>(kQuantBlockRows * rows_.num_taps());
    if (rows_.gathers()) gathered_ = plan_.Add<std::uint8_t>(kQuantBlockRows * rows_.length());
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }
  bool reads(std::size_t i) const override {
    if (i == 1) return !(shape_.depthwise() ? channels_.constant() : packed_.constant());
    return epilogue_.reads(i);
  }

  Status Run(const Arguments& arguments) const override {
    if (shape_.depthwise()) {
      channels_.Update(arguments);
    } else {
      packed_.Update(arguments);
    }
    epilogue_.Update(arguments);
    for (std::int64_t n = 0; n < shape_.batch; ++n) {
      QuantRange range;
      const std::uint8_t* const image = images_.Get(arguments, n, range);
      auto* const padding = ScratchAt<std::uint8_t>(arguments.scratch, padding_);
      std::fill_n(padding, shape_.channels, static_cast<std::uint8_t>(range.zero_point));
      for (std::int64_t row = 0; row < rows_.num_rows(); row += kQuantBlockRows) {
        RunBlock(arguments,
                 {image, padding, row, std::min(kQuantBlockRows, rows_.num_rows() - row),
                  ScratchAt<const std::uint8_t*>(arguments.scratch, pointers_),
                  ScratchAt<std::uint8_t>(arguments.scratch, gathered_)},
                 n, range);
      }
    }
    return OkStatus();
  }

 private:
  void PlanWeights(const KernelRequest& request) {
    const std::int64_t taps = shape_.kernel[0] * shape_.kernel[1];
    if (shape_.depthwise()) {
      const auto fill = [shape = shape_](const TensorView& weight, std::int16_t* to) {
        const auto strides = ImageStrides(weight.strides);
        for (std::int64_t t = 0; t < shape.kernel[0] * shape.kernel[1]; ++t) {
          const auto* const from = weight.as<const std::int8_t>() +
                                   t / shape.kernel[1] * strides[2] +
                                   t % shape.kernel[1] * strides[3];
          for (std::int64_t c = 0; c < shape.channels; ++c) *to++ = from[c * strides[0]];
        }
      };
      channels_ =
          Packed<std::int16_t>(request, 1, "quant depthwise", taps * shape_.channels, fill, plan_);
      return;
    }
    const auto fill = [matrix = matrix_, shape = shape_, gathers = rows_.gathers()](
                          const TensorView& weight, std::int8_t* to) {
      PackWeights(matrix, shape, gathers, weight, to);
    };
    packed_ = Packed<std::int8_t>(request, 1, fmt::format("quant conv {}", shape_.groups),
                                  matrix_.bytes() * shape_.groups, fill, plan_);
  }

  static void PackWeights(const QuantPanels& matrix, const ConvShape& shape, bool gathers,
                          const TensorView& weight, std::int8_t* to) {
    std::fill_n(to, matrix.bytes() * shape.groups, std::int8_t{0});
    const auto strides = ImageStrides(weight.strides);
    for (std::int64_t o = 0; o < shape.outputs; ++o) {
      std::int8_t* const panels = to + o / shape.outputs_per_group() * matrix.bytes();
      const std::int64_t output = o % shape.outputs_per_group();
      for (std::int64_t t = 0; t < shape.kernel[0] * shape.kernel[1]; ++t) {
        const auto* const from = weight.as<const std::int8_t>() + o * strides[0] +
                                 t / shape.kernel[1] * strides[2] +
                                 t % shape.kernel[1] * strides[3];
        matrix.Put(
            {output, gathers ? 0 : t, gathers ? t * shape.channels : 0, shape.channels_per_group()},
            from, strides[1], panels);
      }
    }
  }

  void RunBlock(const Arguments& arguments, const QuantConvRows::Block& rows, std::int64_t image,
                const QuantRange& range) const {
    rows_.Find(rows);
    std::int64_t offsets[kQuantBlockRows];
    for (std::int64_t r = 0; r < rows.num_rows; ++r) {
      const std::int64_t position = rows.first_row + r;
      offsets[r] = image * output_[0] + position / shape_.output[1] * output_[2] +
                   position % shape_.output[1] * output_[3];
    }
    if (shape_.depthwise()) return RunDepthwise(arguments, rows, offsets, range);
    QuantBlock block{
        .rows = rows.pointers, .num_rows = rows.num_rows, .offsets = offsets, .ranges = &range};
    for (std::int64_t g = 0; g < shape_.groups; ++g) {
      block.shift = g * shape_.channels_per_group();
      block.first_column = g * shape_.outputs_per_group();
      block.panels = packed_.Get(arguments) + g * matrix_.bytes();
      Multiply(matrix_, block, epilogue_, arguments);
    }
  }

  void RunDepthwise(const Arguments& arguments, const QuantConvRows::Block& rows,
                    const std::int64_t* offsets, const QuantRange& range) const {
    std::int32_t sums[kMaxDepthwiseColumns];
    const std::int16_t* const weights = channels_.Get(arguments);
    for (std::int64_t r = 0; r < rows.num_rows; ++r) {
      const std::uint8_t** const taps = rows.pointers + QuantPointerIndex(r, 0, rows_.num_taps());
      std::byte* const to = arguments.outputs[0].data + offsets[r];
      for (std::int64_t c = 0; c < shape_.channels; c += kMaxDepthwiseColumns) {
        const std::int64_t count = std::min(kMaxDepthwiseColumns, shape_.channels - c);
        BestQuantKernels().depthwise(
            {taps, rows_.num_taps(), count, c, weights + c, shape_.channels, sums});
        epilogue_.Store(arguments, sums, c, count, range, to);
      }
    }
  }

  ScratchPlan plan_;
  ConvShape shape_;
  QuantImages images_;
  QuantConvRows rows_;
  QuantPanels matrix_;                  // of each group
  std::array<std::int64_t, 4> output_;  // strides in bytes
  QuantEpilogue epilogue_;
  Packed<std::int8_t> packed_;
  Packed<std::int16_t> channels_;  // one weight of each for each tap
  std::size_t padding_ = 0, pointers_ = 0, gathered_ = 0;
};

}  // namespace

KernelPtr Make(const op::QuantConv& op, const KernelRequest& request) {
  return std::make_unique<QuantConvKernel>(AsConv(op), request, false);
}

KernelPtr Make(const op::DynamicQuantConv& op, const KernelRequest& request) {
  return std::make_unique<QuantConvKernel>(AsConv(op), request, true);
}

}  // namespace fedge::portable
