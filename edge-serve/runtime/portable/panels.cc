#include "fedge/engine/portable/panels.h"

#include <algorithm>

namespace fedge::portable {

template <class T>
void PanelMatrix<T>::PackOutput(std::int64_t output, const T* from, std::int64_t stride,
                                T* panels) const {
  const std::int64_t panel = output / full_;
  const std::int64_t width = columns(panel);
  T* to = panels + offset(panel) + output % full_;
  for (std::int64_t i = 0; i < depth_; ++i) to[i * width] = from[i * stride];
}

template <class T>
void PanelMatrix<T>::Pack(const T* from, std::int64_t output_stride, std::int64_t depth_stride,
                          T* panels) const {
  for (std::int64_t p = 0; p < num_panels(); ++p) {
    const std::int64_t width = columns(p);
    const std::int64_t used = std::min(width, outputs_ - first_column(p));
    const T* const source = from + first_column(p) * output_stride;
    T* to = panels + offset(p);
    for (std::int64_t i = 0; i < depth_; ++i, to += width) {
      for (std::int64_t j = 0; j < used; ++j) to[j] = source[i * depth_stride + j * output_stride];
      std::fill(to + used, to + width, T{0});
    }
  }
}

template <class T>
void Multiply(const PanelMatrix<T>& matrix, const Block<T>& block, const Epilogue<T>& epilogue,
              const Kernel::Arguments& arguments) {
  const TileKernels<T>& kernels = BestTileKernels<T>();
  alignas(64) T sums[kMaxTileRows * kMaxTileColumns];
  for (std::int64_t p = 0; p < matrix.num_panels(); ++p) {
    const std::int64_t columns = matrix.columns(p);
    const std::int64_t first = matrix.first_column(p);
    const auto kernel = columns == kernels.columns ? kernels.full : kernels.narrow;
    for (std::int64_t r = 0; r < block.num_rows; r += kernels.max_rows) {
      const std::int64_t num_rows = std::min(kernels.max_rows, block.num_rows - r);
      kernel({block.rows + r * block.num_taps, num_rows, block.num_taps, block.length, block.shift,
              block.panels + matrix.offset(p), block.bias == nullptr ? nullptr : block.bias + first,
              sums});
      epilogue.Store(arguments,
                     {sums, num_rows, columns, block.first_column + first,
                      std::min(columns, matrix.outputs() - first), block.offsets + r, kBlockRows});
    }
  }
}

template <class T>
void Multiply(const PanelMatrix<T>& matrix, const RowMajorProduct<T>& product) {
  const T* rows[kBlockRows];
  std::int64_t offsets[kBlockRows];
  TensorView output;
  output.data = reinterpret_cast<std::byte*>(product.to);
  for (std::int64_t first = 0; first < product.num_rows; first += kBlockRows) {
    const std::int64_t num_rows = std::min(kBlockRows, product.num_rows - first);
    for (std::int64_t r = 0; r < num_rows; ++r) {
      rows[r] = product.x + (first + r) * product.x_pitch;
      offsets[r] = (first + r) * product.to_pitch;
    }
    const Block<T> block{.rows = rows,
                         .num_rows = num_rows,
                         .length = matrix.depth(),
                         .panels = product.panels,
                         .bias = product.bias,
                         .offsets = offsets};
    Multiply(matrix, block, Epilogue<T>(), {{}, {&output, 1}, {}});
  }
}

template class PanelMatrix<float>;
template class PanelMatrix<double>;
template void Multiply(const PanelMatrix<float>&, const Block<float>&, const Epilogue<float>&,
                       const Kernel::Arguments&);
template void Multiply(const PanelMatrix<double>&, const Block<double>&, const Epilogue<double>&,
                       const Kernel::Arguments&);
template void Multiply(const PanelMatrix<float>&, const RowMajorProduct<float>&);
template void Multiply(const PanelMatrix<double>&, const RowMajorProduct<double>&);

}  // namespace fedge::portable
