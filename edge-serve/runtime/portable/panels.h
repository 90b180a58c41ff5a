#pragma once

#include <cstdint>

#include "fedge/engine/portable/epilogue.h"
#include "fedge/engine/portable/tile.h"

namespace fedge::portable {

// A matrix [outputs, depth] as tile kernels read it: panels of `columns` outputs each, depth by
// depth; the last one narrow where half the columns do, and filled up with zeros.
template <class T>
class PanelMatrix {
 public:
  PanelMatrix() = default;
  PanelMatrix(std::int64_t outputs, std::int64_t depth)
      : outputs_(outputs), depth_(depth), full_(BestTileKernels<T>().columns) {}

  std::int64_t outputs() const { return outputs_; }
  std::int64_t depth() const { return depth_; }
  std::int64_t num_panels() const { return (outputs_ + full_ - 1) / full_; }
  std::int64_t first_column(std::int64_t panel) const { return panel * full_; }
  std::int64_t columns(std::int64_t panel) const {
    return outputs_ - panel * full_ <= full_ / 2 ? full_ / 2 : full_;
  }
  std::int64_t offset(std::int64_t panel) const { return panel * full_ * depth_; }
  // Of the whole packed matrix; and of as many biases, filled up alike.
  std::int64_t num_elements() const { return num_columns() * depth_; }
  std::int64_t num_columns() const {
    return outputs_ == 0 ? 0 : (num_panels() - 1) * full_ + columns(num_panels() - 1);
  }

  // Puts one output's `depth` weights, from[i * stride], into zeroed or packed `panels`.
  void PackOutput(std::int64_t output, const T* from, std::int64_t stride, T* panels) const;
  // Packs all of from[output * output_stride + i * depth_stride].
  void Pack(const T* from, std::int64_t output_stride, std::int64_t depth_stride, T* panels) const;

 private:
  std::int64_t outputs_ = 0;
  std::int64_t depth_ = 0;
  std::int64_t full_ = 1;
};

// Where tap t of a block's row r has its pointer.
inline std::int64_t PointerIndex(std::int64_t row, std::int64_t tap, std::int64_t num_taps,
                                 std::int64_t max_rows) {
  return (row / max_rows * num_taps + tap) * max_rows + row % max_rows;
}

// Up to kBlockRows rows times a matrix.
template <class T>
struct Block {
  const T* const* rows = nullptr;  // at PointerIndex
  std::int64_t num_rows = 0;
  std::int64_t num_taps = 1;
  std::int64_t length = 0;
  std::int64_t shift = 0;  // added to each pointer
  const T* panels = nullptr;
  const T* bias = nullptr;                // num_columns(), or nullptr
  std::int64_t first_column = 0;          // of the output
  const std::int64_t* offsets = nullptr;  // [tensors of the epilogue][kBlockRows]
  // From the last panel to the first: products with one matrix that is larger than a cache, to and
  // fro, find half of it there.
  bool backwards = false;
};

template <class T>
void Multiply(const PanelMatrix<T>& matrix, const Block<T>& block, const Epilogue<T>& epilogue,
              const Kernel::Arguments& arguments);

// to[r * to_pitch + o] = bias[o] + the sum over i of x[r * x_pitch + i] * weight (o, i).
template <class T>
struct RowMajorProduct {
  const T* x;
  std::int64_t x_pitch;
  std::int64_t num_rows;
  const T* panels;
  const T* bias;
  T* to;
  std::int64_t to_pitch;
  bool backwards = false;  // as above
};
template <class T>
void Multiply(const PanelMatrix<T>& matrix, const RowMajorProduct<T>& product);

extern template class PanelMatrix<float>;
extern template class PanelMatrix<double>;
extern template void Multiply(const PanelMatrix<float>&, const Block<float>&,
                              const Epilogue<float>&, const Kernel::Arguments&);
extern template void Multiply(const PanelMatrix<double>&, const Block<double>&,
                              const Epilogue<double>&, const Kernel::Arguments&);
extern template void Multiply(const PanelMatrix<float>&, const RowMajorProduct<float>&);
extern template void Multiply(const PanelMatrix<double>&, const RowMajorProduct<double>&);

}  // namespace fedge::portable
