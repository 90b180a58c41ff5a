#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "fedge/engine/portable/kernels.h"
#include "fedge/engine/portable/packed.h"
#include "fedge/engine/portable/quant_kernels.h"
#include "fedge/engine/portable/scratch.h"

// Rows of bytes times matrices of bytes: what convolutions and linear layers of bytes share.
namespace fedge::portable {

// A matrix [outputs, taps, length] as tiles read it (see QuantTile): panels of `columns` outputs,
// the last one filled up with zeros.
class QuantPanels {
 public:
  QuantPanels() = default;
  QuantPanels(std::int64_t outputs, std::int64_t num_taps, std::int64_t length)
      : outputs_(outputs),
        num_taps_(num_taps),
        length_(length),
        columns_(BestQuantKernels().columns) {}

  std::int64_t outputs() const { return outputs_; }
  std::int64_t num_taps() const { return num_taps_; }
  std::int64_t length() const { return length_; }
  std::int64_t num_panels() const { return (outputs_ + columns_ - 1) / columns_; }
  std::int64_t columns(std::int64_t panel) const {
    return std::min(columns_, outputs_ - panel * columns_);
  }
  std::int64_t first_column(std::int64_t panel) const { return panel * columns_; }
  std::int64_t panel_bytes() const { return num_taps_ * ((length_ + 3) / 4) * 4 * columns_; }
  std::int64_t bytes() const { return num_panels() * panel_bytes(); }

  // Puts the weights of `run`, `stride` apart, into zeroed panels.
  struct Run {
    std::int64_t output, tap, first, count;
  };
  void Put(const Run& run, const std::int8_t* from, std::int64_t stride, std::int8_t* panels) const;

 private:
  std::int64_t outputs_ = 0, num_taps_ = 1, length_ = 0, columns_ = 1;
};

// What becomes of a layer's sums: bytes or float32, by its bias and scale; or float32, by the range
// of its input as well. Columns run along the output's dimension `column_dim`.
class QuantEpilogue {
 public:
  enum class Inputs { kBiasAndScale, kScaleAndBias };  // 2 and 3 of the request

  QuantEpilogue() = default;
  QuantEpilogue(const KernelRequest& request, std::size_t column_dim, Inputs inputs,
                ScratchPlan& plan);

  bool reads(std::size_t i) const;
  void Update(const Kernel::Arguments& arguments) const;
  // A row of an output with the first column at `to`. `range` is looked at only where the input was
  // quantized while running.
  void Store(const Kernel::Arguments& arguments, const std::int32_t* sums,
             std::int64_t first_column, std::int64_t num_columns, const QuantRange& range,
             std::byte* to) const;

 private:
  void StoreRow(const Kernel::Arguments& arguments, const QuantSums& sums,
                std::int64_t first_column, const QuantRange& range, std::byte* to) const;

  Inputs inputs_ = Inputs::kBiasAndScale;
  bool bytes_ = false;
  std::int64_t column_stride_ = 1;
  std::size_t element_size_ = 1;
  Packed<float> scale_, bias_;
  Packed<std::int32_t> weight_sums_;
};

inline constexpr std::int64_t kQuantBlockRows = 96;  // a multiple of every kernel's max_rows

// Where tap t of a block's row r has its pointer.
inline std::int64_t QuantPointerIndex(std::int64_t row, std::int64_t tap, std::int64_t num_taps) {
  const std::int64_t max_rows = BestQuantKernels().max_rows;
  return (row / max_rows * num_taps + tap) * max_rows + row % max_rows;
}

// Up to kQuantBlockRows rows.
struct QuantBlock {
  const std::uint8_t* const* rows = nullptr;  // at QuantPointerIndex
  std::int64_t num_rows = 0;
  std::int64_t shift = 0;  // added to each pointer
  const std::int8_t* panels = nullptr;
  std::int64_t first_column = 0;          // of the output
  const std::int64_t* offsets = nullptr;  // of each row in the output, in bytes
  const QuantRange* ranges = nullptr;
  std::int64_t range_step = 0;  // from row to row: 0 where they share one
};

void Multiply(const QuantPanels& matrix, const QuantBlock& block, const QuantEpilogue& epilogue,
              const Kernel::Arguments& arguments);

}  // namespace fedge::portable
