#include "fedge/coordinator/merge_block.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include <Eigen/Core>

#include "fedge/common/check.h"
#include "fedge/coordinator/float_bits.h"
#include "fedge/tensor/narrow_float.h"
#include "fedge/tensor/number.h"

namespace fedge {
namespace {

template <typename T>
using Values = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;
template <typename T>
using ConstValues = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;

// Narrow elements are widened this many at a time, in the first-level cache.
constexpr std::size_t kWidenAtOnce = 512;

template <typename T>
std::span<const T> As(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

template <typename T>
std::span<T> As(std::span<std::byte> bytes) {
  return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
}

template <typename T>
auto Map(std::span<T> values) {
  using Element = std::remove_const_t<T>;
  using Result = std::conditional_t<std::is_const_v<T>, ConstValues<Element>, Values<Element>>;
  return Result(values.data(), static_cast<Eigen::Index>(values.size()));
}

template <typename T>
void AddWeightedValues(std::span<const T> delta, double weight, std::span<double> sum) {
  Map(sum) += Map(delta).template cast<double>() * weight;
}

template <typename Format>
void AddWeightedNarrow(std::span<const std::uint16_t> delta, double weight, std::span<double> sum) {
  std::array<float, kWidenAtOnce> wide;
  for (std::size_t begin = 0; begin < delta.size(); begin += wide.size()) {
    const std::size_t count = std::min(wide.size(), delta.size() - begin);
    for (std::size_t i = 0; i < count; ++i) wide[i] = WidenToFloat<Format>(delta[begin + i]);
    AddWeightedValues(std::span<const float>(wide).first(count), weight, sum.subspan(begin, count));
  }
}

template <typename T>
void AddMeanValues(std::span<const double> sum, double total_weight, std::span<T> values) {
  Map(values) = (Map(values).template cast<double>() + Map(sum) / total_weight).template cast<T>();
}

template <typename Format>
void AddMeanNarrow(std::span<const double> sum, double total_weight,
                   std::span<std::uint16_t> values) {
  std::array<double, kWidenAtOnce> wide;
  for (std::size_t begin = 0; begin < values.size(); begin += wide.size()) {
    const std::size_t count = std::min(wide.size(), values.size() - begin);
    for (std::size_t i = 0; i < count; ++i) wide[i] = WidenToFloat<Format>(values[begin + i]);
    AddMeanValues(sum.subspan(begin, count), total_weight, std::span(wide).first(count));
    for (std::size_t i = 0; i < count; ++i) values[begin + i] = NarrowFromDouble<Format>(wide[i]);
  }
}

void AddMeanTo(DType dtype, std::span<const double> sum, double total_weight,
               std::span<std::byte> values) {
  switch (dtype) {
    case DType::kFloat64:
      return AddMeanValues(sum, total_weight, As<double>(values));
    case DType::kFloat32:
      return AddMeanValues(sum, total_weight, As<float>(values));
    case DType::kFloat16:
      return AddMeanNarrow<Float16Format>(sum, total_weight, As<std::uint16_t>(values));
    case DType::kBFloat16:
      return AddMeanNarrow<BFloat16Format>(sum, total_weight, As<std::uint16_t>(values));
    default:
      FEDGE_CHECK(IsFloatingPoint(dtype));
  }
}

template <typename T>
void TakeMaximumOf(std::span<const std::byte> values, std::span<std::byte> maximum) {
  const std::span<T> out = As<T>(maximum);
  const std::span<const T> in = As<T>(values);
  std::transform(out.begin(), out.end(), in.begin(), out.begin(),
                 [](T a, T b) { return std::max(a, b); });
}

}  // namespace

void AddWeighted(DType dtype, std::span<const std::byte> delta, double weight,
                 std::span<double> sum) {
  FEDGE_CHECK(delta.size() == sum.size() * DTypeSize(dtype));
  switch (dtype) {
    case DType::kFloat64:
      return AddWeightedValues(As<double>(delta), weight, sum);
    case DType::kFloat32:
      return AddWeightedValues(As<float>(delta), weight, sum);
    case DType::kFloat16:
      return AddWeightedNarrow<Float16Format>(As<std::uint16_t>(delta), weight, sum);
    case DType::kBFloat16:
      return AddWeightedNarrow<BFloat16Format>(As<std::uint16_t>(delta), weight, sum);
    default:
      FEDGE_CHECK(IsFloatingPoint(dtype));
  }
}

std::optional<std::size_t> AddMean(DType dtype, std::span<const std::byte> base,
                                   std::span<const double> sum, double total_weight,
                                   std::span<std::byte> out) {
  FEDGE_CHECK(base.size() == out.size() && out.size() == sum.size() * DTypeSize(dtype));
  std::copy(base.begin(), base.end(), out.begin());  // the base may lie anywhere; `out` is aligned
  AddMeanTo(dtype, sum, total_weight, out);
  const auto first = FirstAtLeast(dtype, out, InfinityBits(dtype));
  for (std::size_t i = first.value_or(sum.size()); i < sum.size(); ++i) {
    if (!std::isfinite(NumberAt(dtype, out, i)) && std::isfinite(NumberAt(dtype, base, i))) {
      return i;
    }
  }
  return std::nullopt;
}

void TakeMaximum(DType dtype, std::span<const std::byte> values, std::span<std::byte> maximum) {
  FEDGE_CHECK(values.size() == maximum.size());
  switch (dtype) {
    case DType::kInt64:
      return TakeMaximumOf<std::int64_t>(values, maximum);
    case DType::kInt32:
      return TakeMaximumOf<std::int32_t>(values, maximum);
    case DType::kInt16:
      return TakeMaximumOf<std::int16_t>(values, maximum);
    case DType::kInt8:
      return TakeMaximumOf<std::int8_t>(values, maximum);
    case DType::kUInt8:
    case DType::kBool:
      return TakeMaximumOf<std::uint8_t>(values, maximum);
    default:
      FEDGE_CHECK(!IsFloatingPoint(dtype));
  }
}

}  // namespace fedge
