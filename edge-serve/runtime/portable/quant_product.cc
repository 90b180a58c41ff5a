#include "fedge/engine/portable/quant_product.h"

#include <array>
#include <cstring>

#include "fedge/engine/portable/convert.h"

namespace fedge::portable {
namespace {

// Numbers of an input with one for each output; zeros where it is absent.
Packed<float> PackNumbers(const KernelRequest& request, std::size_t input, ScratchPlan& plan) {
  const std::int64_t count = request.inputs[1].dims[0];
  const auto fill = [count](const TensorView& view, float* to) {
    std::fill_n(to, count, 0.0F);
    if (view.data != nullptr) Load(view.data, view.dtype, view.strides[0], count, to);
  };
  return Packed<float>(request, input, "quant numbers", count, fill, plan);
}

void SumWeights(const TensorView& weight, std::size_t dim, const std::int8_t* from,
                std::int32_t& sum) {
  for (std::int64_t i = 0; i < weight.dims[dim]; ++i) {
    if (dim + 1 == weight.dims.size()) {
      sum += from[i * weight.strides[dim]];
    } else {
      SumWeights(weight, dim + 1, from + i * weight.strides[dim], sum);
    }
  }
}

// Of each output.
Packed<std::int32_t> PackSums(const KernelRequest& request, ScratchPlan& plan) {
  const auto fill = [](const TensorView& weight, std::int32_t* to) {
    for (std::int64_t o = 0; o < weight.dims[0]; ++o) {
      to[o] = 0;
      SumWeights(weight, 1, weight.as<const std::int8_t>() + o * weight.strides[0], to[o]);
    }
  };
  return Packed<std::int32_t>(request, 1, "quant sums", request.inputs[1].dims[0], fill, plan);
}

template <class Element>
void Scatter(const std::byte* from, std::int64_t count, std::int64_t stride, std::byte* to) {
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(to + i * stride * static_cast<std::int64_t>(sizeof(Element)),
                from + i * static_cast<std::int64_t>(sizeof(Element)), sizeof(Element));
  }
}

}  // namespace

void QuantPanels::Put(const Run& run, const std::int8_t* from, std::int64_t stride,
                      std::int8_t* panels) const {
  const std::int64_t groups = (length_ + 3) / 4;
  std::int8_t* const to = panels + run.output / columns_ * panel_bytes() +
                          (run.tap * groups * columns_ + run.output % columns_) * 4;
  for (std::int64_t k = 0; k < run.count; ++k) {
    const std::int64_t i = run.first + k;
    to[i / 4 * columns_ * 4 + i % 4] = from[k * stride];
  }
}

QuantEpilogue::QuantEpilogue(const KernelRequest& request, std::size_t column_dim, Inputs inputs,
                             ScratchPlan& plan)
    : inputs_(inputs),
      bytes_(request.outputs[0].dtype == DType::kUInt8),
      column_stride_(request.outputs[0].strides[column_dim]),
      element_size_(DTypeSize(request.outputs[0].dtype)) {
  const bool bias_first = inputs == Inputs::kBiasAndScale;
  scale_ = PackNumbers(request, bias_first ? 3 : 2, plan);
  bias_ = PackNumbers(request, bias_first ? 2 : 3, plan);
  if (!bias_first) weight_sums_ = PackSums(request, plan);
}

bool QuantEpilogue::reads(std::size_t i) const {
  const bool bias_first = inputs_ == Inputs::kBiasAndScale;
  if (i == (bias_first ? 3U : 2U)) return !scale_.constant();
  if (i == (bias_first ? 2U : 3U)) return !bias_.constant();
  return true;
}

void QuantEpilogue::Update(const Kernel::Arguments& arguments) const {
  scale_.Update(arguments);
  bias_.Update(arguments);
  if (inputs_ == Inputs::kScaleAndBias) weight_sums_.Update(arguments);
}

void QuantEpilogue::StoreRow(const Kernel::Arguments& arguments, const QuantSums& sums,
                             std::int64_t first_column, const QuantRange& range,
                             std::byte* to) const {
  const QuantKernels& kernels = BestQuantKernels();
  if (bytes_) {
    kernels.to_bytes(sums, reinterpret_cast<std::uint8_t*>(to));
  } else if (inputs_ == Inputs::kBiasAndScale) {
    kernels.to_floats(sums, reinterpret_cast<float*>(to));
  } else {
    kernels.to_floats_in_range(sums, weight_sums_.Get(arguments) + first_column, range,
                               reinterpret_cast<float*>(to));
  }
}

void QuantEpilogue::Store(const Kernel::Arguments& arguments, const std::int32_t* sums,
                          std::int64_t first_column, std::int64_t num_columns,
                          const QuantRange& range, std::byte* to) const {
  const QuantSums row{sums, scale_.Get(arguments) + first_column,
                      bias_.Get(arguments) + first_column, num_columns};
  to += first_column * column_stride_ * static_cast<std::int64_t>(element_size_);
  if (column_stride_ == 1) return StoreRow(arguments, row, first_column, range, to);
  alignas(64) std::array<std::byte, kMaxDepthwiseColumns * sizeof(float)> buffer;
  StoreRow(arguments, row, first_column, range, buffer.data());
  if (bytes_) {
    Scatter<std::uint8_t>(buffer.data(), num_columns, column_stride_, to);
  } else {
    Scatter<float>(buffer.data(), num_columns, column_stride_, to);
  }
}

void Multiply(const QuantPanels& matrix, const QuantBlock& block, const QuantEpilogue& epilogue,
              const Kernel::Arguments& arguments) {
  const QuantKernels& kernels = BestQuantKernels();
  alignas(64) std::int32_t sums[kMaxQuantRows * kMaxQuantColumns];
  for (std::int64_t p = 0; p < matrix.num_panels(); ++p) {
    const std::int64_t first = block.first_column + matrix.first_column(p);
    for (std::int64_t r = 0; r < block.num_rows; r += kernels.max_rows) {
      const std::int64_t num_rows = std::min(kernels.max_rows, block.num_rows - r);
      kernels.tile({block.rows + r * matrix.num_taps(), num_rows, matrix.num_taps(),
                    matrix.length(), block.shift, block.panels + p * matrix.panel_bytes(), sums});
      for (std::int64_t i = 0; i < num_rows; ++i) {
        epilogue.Store(arguments, sums + i * kernels.columns, first, matrix.columns(p),
                       block.ranges[(r + i) * block.range_step],
                       arguments.outputs[0].data + block.offsets[r + i]);
      }
    }
  }
}

}  // namespace fedge::portable
