#include "host_tensor.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "fedge/tensor/number.h"

namespace fedge::testing {
namespace {

constexpr std::byte kGuard{0xa5};

std::int64_t Product(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

// The order of dimensions in memory, outermost first.
std::vector<std::size_t> MemoryOrder(std::size_t rank, Strides strides) {
  std::vector<std::size_t> order(rank);
  std::iota(order.begin(), order.end(), 0);
  if (strides == Strides::kReversed) std::reverse(order.begin(), order.end());
  if (strides == Strides::kChannelsLast && rank >= 3) {
    std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  }
  return order;
}

}  // namespace

HostTensor RandomTensor(Dims dims, DType dtype, std::uint64_t seed) {
  HostTensor tensor{dtype, std::move(dims), {}};
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int> integer(-5, 5);
  for (std::int64_t i = Product(tensor.dims); i > 0; --i) {
    if (IsFloatingPoint(dtype)) {
      tensor.values.push_back(normal(generator));
    } else {
      const int value = integer(generator);
      tensor.values.push_back(dtype == DType::kBool || dtype == DType::kUInt8 ? std::abs(value) % 2
                                                                              : value);
    }
  }
  return Rounded(tensor, dtype);
}

HostTensor Rounded(const HostTensor& tensor, DType dtype) {
  HostTensor rounded{dtype, tensor.dims, {}};
  for (const double value : tensor.values) {
    std::byte bytes[8] = {};
    StoreNumber(dtype, value, bytes);
    rounded.values.push_back(LoadNumber(dtype, bytes));
  }
  return rounded;
}

StridedTensor::StridedTensor(const HostTensor& tensor, Strides strides)
    : dtype_(tensor.dtype), dims_(tensor.dims), strides_(dims_.size()) {
  std::int64_t size = 1;
  const std::vector<std::size_t> order = MemoryOrder(dims_.size(), strides);
  for (auto d = order.rbegin(); d != order.rend(); ++d) {
    const std::int64_t step = strides == Strides::kView ? 2 : 1;
    strides_[*d] = size * step;
    if (strides == Strides::kView) offset_ += size;
    size *= std::max<std::int64_t>(dims_[*d], 1) * step;
  }
  const std::size_t bytes = DTypeSize(dtype_);
  storage_.assign(static_cast<std::size_t>(size) * bytes, kGuard);
  guarded_.assign(static_cast<std::size_t>(size), true);
  // Marks the elements, and writes the numbers where there are any.
  std::vector<std::int64_t> index(dims_.size());
  for (std::int64_t i = 0; i < Product(dims_); ++i) {
    std::int64_t at = offset_;
    for (std::size_t d = 0; d < index.size(); ++d) at += index[d] * strides_[d];
    const auto element = static_cast<std::size_t>(at);
    guarded_[element] = false;
    if (!tensor.values.empty()) {
      StoreNumber(dtype_, tensor.values[static_cast<std::size_t>(i)], &storage_[element * bytes]);
    }
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < dims_[d]) break;
      index[d] = 0;
    }
  }
}

TensorView StridedTensor::view(bool with_data) {
  std::byte* const data = storage_.data() + static_cast<std::size_t>(offset_) * DTypeSize(dtype_);
  return {with_data ? data : nullptr, dtype_, dims_, strides_};
}

HostTensor StridedTensor::Read() const {
  HostTensor tensor{dtype_, dims_, {}};
  std::vector<std::int64_t> index(dims_.size());
  for (std::int64_t i = 0; i < Product(dims_); ++i) {
    std::int64_t at = offset_;
    for (std::size_t d = 0; d < index.size(); ++d) at += index[d] * strides_[d];
    tensor.values.push_back(
        LoadNumber(dtype_, &storage_[static_cast<std::size_t>(at) * DTypeSize(dtype_)]));
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < dims_[d]) break;
      index[d] = 0;
    }
  }
  return tensor;
}

bool StridedTensor::intact() const {
  const std::size_t bytes = DTypeSize(dtype_);
  for (std::size_t i = 0; i < guarded_.size(); ++i) {
    if (!guarded_[i]) continue;
    const auto begin = storage_.begin() + static_cast<std::ptrdiff_t>(i * bytes);
    if (!std::all_of(begin, begin + static_cast<std::ptrdiff_t>(bytes),
                     [](std::byte b) { return b == kGuard; })) {
      return false;
    }
  }
  return true;
}

}  // namespace fedge::testing
