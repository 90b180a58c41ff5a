#include "fedge/engine/portable/convert.h"

#include <algorithm>
#include <concepts>
#include <limits>

namespace fedge::portable {
namespace {

struct Half {
  std::uint16_t bits;
};
struct BFloat16 {
  std::uint16_t bits;
};
struct Bool {
  std::uint8_t byte;
};

template <class T, class S>
T Widen(S stored) {
  if constexpr (std::same_as<S, Half>) {
    return static_cast<T>(HalfToFloat(stored.bits));
  } else if constexpr (std::same_as<S, BFloat16>) {
    return static_cast<T>(BFloat16ToFloat(stored.bits));
  } else if constexpr (std::same_as<S, Bool>) {
    return static_cast<T>(stored.byte != 0 ? 1 : 0);
  } else {
    return static_cast<T>(stored);
  }
}

// Towards zero; what no int64 holds becomes the least, as x86 does it.
template <std::floating_point T>
std::int64_t Truncate(T value) {
  const bool fits = value >= T{-0x1p63} && value < T{0x1p63};
  return fits ? static_cast<std::int64_t>(value) : std::numeric_limits<std::int64_t>::min();
}

template <class S, class T>
S Narrow(T value) {
  if constexpr (std::same_as<S, Half>) {
    if constexpr (std::same_as<T, float>) return {FloatToHalf(value)};
    return {DoubleToHalf(static_cast<double>(value))};
  } else if constexpr (std::same_as<S, BFloat16>) {
    if constexpr (std::same_as<T, float>) return {FloatToBFloat16(value)};
    return {DoubleToBFloat16(static_cast<double>(value))};
  } else if constexpr (std::same_as<S, Bool>) {
    return {static_cast<std::uint8_t>(value != T{0} ? 1 : 0)};
  } else if constexpr (std::integral<S> && std::floating_point<T>) {
    return static_cast<S>(Truncate(value));
  } else {
    return static_cast<S>(value);
  }
}

// fn.operator()<S>() with the type that holds an element of `dtype`.
template <class Fn>
void WithStoredType(DType dtype, Fn&& fn) {
  switch (dtype) {
    case DType::kFloat64:
      return fn.template operator()<double>();
    case DType::kFloat32:
      return fn.template operator()<float>();
    case DType::kFloat16:
      return fn.template operator()<Half>();
    case DType::kBFloat16:
      return fn.template operator()<BFloat16>();
    case DType::kInt64:
      return fn.template operator()<std::int64_t>();
    case DType::kInt32:
      return fn.template operator()<std::int32_t>();
    case DType::kInt16:
      return fn.template operator()<std::int16_t>();
    case DType::kInt8:
      return fn.template operator()<std::int8_t>();
    case DType::kUInt8:
      return fn.template operator()<std::uint8_t>();
    case DType::kBool:
      return fn.template operator()<Bool>();
  }
}

}  // namespace

template <class T>
void Load(const std::byte* from, DType dtype, std::int64_t stride, std::int64_t count, T* to) {
  WithStoredType(dtype, [&]<class S>() {
    const auto* stored = reinterpret_cast<const S*>(from);
    if (stride == 1) {
      for (std::int64_t i = 0; i < count; ++i) to[i] = Widen<T>(stored[i]);
    } else if (stride == 0) {
      std::fill_n(to, count, Widen<T>(stored[0]));
    } else {
      for (std::int64_t i = 0; i < count; ++i) to[i] = Widen<T>(stored[i * stride]);
    }
  });
}

template <class T>
void Store(const T* from, std::int64_t count, std::byte* to, DType dtype, std::int64_t stride) {
  WithStoredType(dtype, [&]<class S>() {
    auto* stored = reinterpret_cast<S*>(to);
    if (stride == 1) {
      for (std::int64_t i = 0; i < count; ++i) stored[i] = Narrow<S>(from[i]);
    } else {
      for (std::int64_t i = 0; i < count; ++i) stored[i * stride] = Narrow<S>(from[i]);
    }
  });
}

template void Load(const std::byte*, DType, std::int64_t, std::int64_t, float*);
template void Load(const std::byte*, DType, std::int64_t, std::int64_t, double*);
template void Load(const std::byte*, DType, std::int64_t, std::int64_t, std::int64_t*);
template void Store(const float*, std::int64_t, std::byte*, DType, std::int64_t);
template void Store(const double*, std::int64_t, std::byte*, DType, std::int64_t);
template void Store(const std::int64_t*, std::int64_t, std::byte*, DType, std::int64_t);

}  // namespace fedge::portable
