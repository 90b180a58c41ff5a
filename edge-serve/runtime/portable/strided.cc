#include "fedge/engine/portable/strided.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "fedge/engine/portable/convert.h"

namespace fedge::portable {
namespace {

template <class Element>
void CopyRow(const std::byte* from, std::int64_t from_step, std::byte* to, std::int64_t to_step,
             std::int64_t count) {
  const auto* source = reinterpret_cast<const Element*>(from);
  auto* target = reinterpret_cast<Element*>(to);
  if (to_step == 1) {
    for (std::int64_t i = 0; i < count; ++i) target[i] = source[i * from_step];
  } else {
    for (std::int64_t i = 0; i < count; ++i) target[i * to_step] = source[i * from_step];
  }
}

void ConvertRow(const std::byte* from, DType from_dtype, std::int64_t from_step, std::byte* to,
                DType to_dtype, std::int64_t to_step, std::int64_t count) {
  constexpr std::int64_t kPiece = 256;
  const std::int64_t from_bytes = from_step * static_cast<std::int64_t>(DTypeSize(from_dtype));
  const std::int64_t to_bytes = to_step * static_cast<std::int64_t>(DTypeSize(to_dtype));
  WithComputeType(from_dtype, [&]<class T>() {
    T piece[kPiece];
    for (std::int64_t i = 0; i < count; i += kPiece) {
      const std::int64_t size = std::min(kPiece, count - i);
      Load(from + i * from_bytes, from_dtype, from_step, size, piece);
      Store(piece, size, to + i * to_bytes, to_dtype, to_step);
    }
  });
}

}  // namespace

std::int64_t TensorSpec::num_elements() const {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

Dims RowMajorStrides(std::span<const std::int64_t> dims) {
  Dims strides(dims.size());
  std::int64_t step = 1;
  for (std::size_t d = dims.size(); d-- > 0; step *= dims[d]) strides[d] = step;
  return strides;
}

Dims ChannelsLastStrides(std::span<const std::int64_t> dims) {
  if (dims.size() < 3) return RowMajorStrides(dims);
  Dims strides(dims.size());
  strides[1] = 1;
  std::int64_t step = dims[1];
  for (std::size_t d = dims.size(); d-- > 2; step *= dims[d]) strides[d] = step;
  strides[0] = step;
  return strides;
}

Dims BroadcastStrides(const TensorSpec& tensor, std::span<const std::int64_t> dims) {
  Dims strides(dims.size(), 0);
  const std::size_t missing = dims.size() - tensor.rank();
  for (std::size_t d = 0; d < tensor.rank(); ++d) {
    if (tensor.dims[d] != 1) strides[missing + d] = tensor.strides[d];
  }
  return strides;
}

template <std::size_t K>
StridedLoop<K>::StridedLoop(std::span<const std::int64_t> dims,
                            const std::array<Dims, K>& strides) {
  std::vector<Level> levels;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 0) return;
    if (dims[d] == 1) continue;
    Level level{dims[d], {}};
    for (std::size_t k = 0; k < K; ++k) level.steps[k] = strides[k][d];
    levels.push_back(level);
  }
  std::stable_sort(levels.begin(), levels.end(),
                   [](const Level& a, const Level& b) { return a.steps[0] > b.steps[0]; });
  for (const Level& level : levels) {
    const auto continues = [&](const Level& outer) {
      for (std::size_t k = 0; k < K; ++k) {
        if (outer.steps[k] != level.steps[k] * level.size) return false;
      }
      return true;
    };
    if (!levels_.empty() && continues(levels_.back())) {
      levels_.back() = {levels_.back().size * level.size, level.steps};
    } else {
      levels_.push_back(level);
    }
  }
  // Rows of a few elements would be all overhead.
  constexpr std::int64_t kShort = 8;
  if (levels_.size() > 1 && levels_.back().size < kShort) {
    Level& before = levels_[levels_.size() - 2];
    if (before.size > levels_.back().size) std::swap(before, levels_.back());
  }
  // A single element is a row too; its neighbours would be next to it.
  if (levels_.empty()) {
    levels_.push_back({1, {}});
    levels_.back().steps.fill(1);
  }
}

FlatIndex::FlatIndex(std::span<const std::int64_t> dims, std::span<const std::int64_t> strides) {
  std::vector<Level> levels;
  for (std::size_t d = dims.size(); d-- > 0;) {
    size_ *= dims[d];
    if (dims[d] == 1) continue;
    if (!levels.empty() && strides[d] == levels.back().stride * levels.back().size) {
      levels.back().size *= dims[d];
    } else {
      levels.push_back({dims[d], strides[d]});
    }
  }
  if (levels.empty() || size_ == 0) return;
  outer_stride_ = levels.back().stride;
  levels.pop_back();
  inner_ = std::move(levels);
}

template class StridedLoop<1>;
template class StridedLoop<2>;
template class StridedLoop<3>;
template class StridedLoop<4>;

void StridedCopy::Run(const std::byte* from, std::byte* to) const {
  const auto from_size = static_cast<std::int64_t>(DTypeSize(from_));
  const auto to_size = static_cast<std::int64_t>(DTypeSize(to_));
  loop_.ForEachRow([&](const auto& offsets, std::int64_t count, const auto& steps) {
    std::byte* const target = to + offsets[0] * to_size;
    const std::byte* const source = from + offsets[1] * from_size;
    if (from_ != to_) {
      ConvertRow(source, from_, steps[1], target, to_, steps[0], count);
    } else if (steps[0] == 1 && steps[1] == 1) {
      std::memcpy(target, source, static_cast<std::size_t>(count * to_size));
    } else if (to_size == 1) {
      CopyRow<std::uint8_t>(source, steps[1], target, steps[0], count);
    } else if (to_size == 2) {
      CopyRow<std::uint16_t>(source, steps[1], target, steps[0], count);
    } else if (to_size == 4) {
      CopyRow<std::uint32_t>(source, steps[1], target, steps[0], count);
    } else {
      CopyRow<std::uint64_t>(source, steps[1], target, steps[0], count);
    }
  });
}

}  // namespace fedge::portable
