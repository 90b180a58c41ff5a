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

// A tile of a block's product, and which part of it that is.
template <class T>
struct BlockTile {
  Tile<T> tile;
  std::int64_t row;
  std::int64_t first_column;
  std::int64_t columns;  // that the tile computes,
  std::int64_t used;     // and those that the matrix has
};

// fn(kernel, tile) for each; where its sums go is open yet.
template <class T, class Fn>
void ForEachTile(const PanelMatrix<T>& matrix, const Block<T>& block, Fn&& fn) {
  const TileKernels<T>& kernels = BestTileKernels<T>();
  const auto visit = [&](auto kernel, std::int64_t panel, std::int64_t columns) {
    const std::int64_t first = matrix.first_column(panel);
    for (std::int64_t r = 0; r < block.num_rows; r += kernels.max_rows) {
      const Tile<T> tile{.rows = block.rows + r * block.num_taps,
                         .num_rows = std::min(kernels.max_rows, block.num_rows - r),
                         .num_taps = block.num_taps,
                         .length = block.length,
                         .shift = block.shift,
                         .panel = block.panels + matrix.offset(panel),
                         .bias = block.bias == nullptr ? nullptr : block.bias + first,
                         .sums = nullptr,
                         .pitch = columns};
      fn(kernel,
         BlockTile<T>{tile, r, first, columns, std::min(columns, matrix.outputs() - first)});
    }
  };
  const std::int64_t wide = kRowPanels * kernels.columns;
  const std::int64_t num_wide = block.num_rows == 1 ? matrix.num_columns() / wide : 0;
  const std::int64_t count = matrix.num_panels() - num_wide * (kRowPanels - 1);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t at = block.backwards ? count - 1 - i : i;
    if (at < num_wide) {
      visit(kernels.row, at * kRowPanels, wide);
    } else {
      const std::int64_t panel = at + num_wide * (kRowPanels - 1);
      const std::int64_t columns = matrix.columns(panel);
      visit(columns == kernels.columns ? kernels.full : kernels.narrow, panel, columns);
    }
  }
}

template <class T>
void Multiply(const PanelMatrix<T>& matrix, const Block<T>& block, const Epilogue<T>& epilogue,
              const Kernel::Arguments& arguments) {
  alignas(64) T sums[kMaxTileRows * kMaxTileColumns];
  static_assert(kRowPanels <= kMaxTileRows);
  ForEachTile(matrix, block, [&](auto kernel, BlockTile<T> part) {
    part.tile.sums = sums;
    kernel(part.tile);
    epilogue.Store(arguments,
                   {sums, part.tile.num_rows, part.columns, block.first_column + part.first_column,
                    part.used, block.offsets + part.row, kBlockRows});
  });
}

// Whole tiles are stored where they belong, what is filled up through a buffer.
template <class T>
void Multiply(const PanelMatrix<T>& matrix, const RowMajorProduct<T>& product) {
  alignas(64) T sums[kMaxTileRows * kMaxTileColumns];
  const T* rows[kBlockRows];
  for (std::int64_t first = 0; first < product.num_rows; first += kBlockRows) {
    const std::int64_t num_rows = std::min(kBlockRows, product.num_rows - first);
    for (std::int64_t r = 0; r < num_rows; ++r) rows[r] = product.x + (first + r) * product.x_pitch;
    const Block<T> block{.rows = rows,
                         .num_rows = num_rows,
                         .length = matrix.depth(),
                         .panels = product.panels,
                         .bias = product.bias,
                         .backwards = product.backwards};
    ForEachTile(matrix, block, [&](auto kernel, BlockTile<T> part) {
      T* const to = product.to + (first + part.row) * product.to_pitch + part.first_column;
      const bool whole = part.used == part.columns;
      part.tile.sums = whole ? to : sums;
      part.tile.pitch = whole ? product.to_pitch : part.columns;
      kernel(part.tile);
      if (whole) return;
      for (std::int64_t r = 0; r < part.tile.num_rows; ++r) {
        std::copy_n(sums + r * part.columns, part.used, to + r * product.to_pitch);
      }
    });
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
