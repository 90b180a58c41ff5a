#pragma once

// The row kernels, for the instruction set that the including file is compiled for: see vector.h.

#include <cstddef>
#include <cstdint>

#include "fedge/engine/portable/rows.h"
#include "fedge/engine/portable/vector.h"
#include "fedge/engine/portable/vector_math.h"

namespace fedge::portable {
namespace {

template <class T>
constexpr auto kLanes = static_cast<std::int64_t>(Vector<T>::kLanes);

// fn(i, part): the numbers from i on, a vector at a time.
template <class T, class Fn>
FEDGE_INLINE void ForEachVector(std::int64_t count, Fn fn) {
  std::int64_t i = 0;
  for (; i + kLanes<T> <= count; i += kLanes<T>) fn(i, Whole{});
  if (i < count) fn(i, Some{count - i});
}

// fn of all lanes: of each one and the one half a vector on, and so forth.
template <class T, std::size_t kWidth = Vector<T>::kLanes / 2, class Fn>
FEDGE_INLINE T FoldLanes(typename Vector<T>::Type vector, Fn fn) {
  const typename Vector<T>::Type folded = fn(vector, Rotated<kWidth, T>(vector));
  if constexpr (kWidth == 1) {
    return folded[0];
  } else {
    return FoldLanes<T, kWidth / 2>(folded, fn);
  }
}
// The sum of term(i, part) over all numbers, in sixteen lanes whatever a vector has.
template <class T, class Term>
FEDGE_INLINE T Sum(std::int64_t count, Term term) {
  constexpr std::int64_t kSumLanes = 16;
  constexpr std::size_t kParts = kSumLanes / Vector<T>::kLanes;
  typename Vector<T>::Type parts[kParts] = {};
  std::int64_t i = 0;
  for (; i + kSumLanes <= count; i += kSumLanes) {
    for (std::size_t p = 0; p < kParts; ++p) {
      parts[p] += term(i + static_cast<std::int64_t>(p) * kLanes<T>, Whole{});
    }
  }
  for (std::size_t p = 0; p < kParts && i < count; ++p, i += kLanes<T>) {
    if (i + kLanes<T> <= count) {
      parts[p] += term(i, Whole{});
    } else {
      const Some rest{count - i};
      parts[p] += OrElse(term(i, rest), rest, T{0});
    }
  }
  for (std::size_t width = kParts / 2; width > 0; width /= 2) {
    for (std::size_t p = 0; p < width; ++p) parts[p] += parts[p + width];
  }
  return FoldLanes<T>(parts[0], [](auto a, auto b) { return a + b; });
}

template <class T, class Fn>
FEDGE_INLINE void MapRow(const T* x, T* to, std::int64_t count, Fn fn) {
  ForEachVector<T>(count,
                   [=](std::int64_t i, auto part) { Store(to + i, fn(Load(x + i, part)), part); });
}

// The largest number, scaled; a NaN may be missed.
template <class T>
FEDGE_INLINE T LargestOf(const T* x, T factor, std::int64_t count) {
  typename Vector<T>::Type largest = Everywhere<typename Vector<T>::Type>(x[0] * factor);
  ForEachVector<T>(count, [&](std::int64_t i, auto part) {
    largest = LargerOf(largest, OrElse(Load(x + i, part) * factor, part, x[0] * factor));
  });
  return FoldLanes<T>(largest, [](auto a, auto b) { return LargerOf(a, b); });
}

template <class T>
void SoftmaxRow(const T* x, T factor, std::int64_t count, T* to) {
  using V = typename Vector<T>::Type;
  const T largest = LargestOf(x, factor, count);
  const T sum = Sum<T>(count, [=](std::int64_t i, auto part) {
    const V power = Exp(Load(x + i, part) * factor - largest);
    Store(to + i, power, part);
    return power;
  });
  MapRow(to, to, count, [scale = 1 / sum](V v) { return v * scale; });
}

template <class T>
void LogSoftmaxRow(const T* x, std::int64_t count, T* to) {
  const T largest = LargestOf(x, T{1}, count);
  const T shift = Log(
      Sum<T>(count, [=](std::int64_t i, auto part) { return Exp(Load(x + i, part) - largest); }));
  MapRow(x, to, count, [=](typename Vector<T>::Type v) { return (v - largest) - shift; });
}

// A vector of doubles.
FEDGE_INLINE Doubles Widened(const double* from) { return LoadVector(from); }
FEDGE_INLINE Doubles Widened(const float* from) {
  typedef float Half __attribute__((vector_size(kVectorBytes / 2), aligned(4), may_alias));
  return __builtin_convertvector(*reinterpret_cast<const Half*>(from), Doubles);
}
template <class T>
FEDGE_INLINE Doubles LoadWidened(const T* from, Whole) {
  return Widened(from);
}
template <class T>
FEDGE_INLINE Doubles LoadWidened(const T* from, Some some) {
  double lanes[Vector<double>::kLanes] = {};
  for (std::int64_t i = 0; i < some.count; ++i) lanes[i] = static_cast<double>(from[i]);
  return LoadVector(lanes);
}

template <class T>
Moments MomentsOfRow(const T* x, std::int64_t count) {
  const auto size = static_cast<double>(count);
  const double mean =
      Sum<double>(count, [=](std::int64_t i, auto part) { return LoadWidened(x + i, part); }) /
      size;
  const double squares = Sum<double>(count, [=](std::int64_t i, auto part) {
    const Doubles d = LoadWidened(x + i, part) - mean;
    return d * d;
  });
  return {mean, squares / size};
}

template <class T>
void NormaliseRow(const T* x, const Normalisation<T>& by, std::int64_t count, T* to) {
  ForEachVector<T>(count, [=](std::int64_t i, auto part) {
    typename Vector<T>::Type y = (Load(x + i, part) - by.mean) * by.scale;
    if (by.weight != nullptr) y = y * Load(by.weight + i, part);
    if (by.bias != nullptr) y = y + Load(by.bias + i, part);
    Store(to + i, y, part);
  });
}

template <class T>
void LstmRow(const Gates<T>& gates, T* h, T* c) {
  const std::int64_t hidden = gates.hidden;
  ForEachVector<T>(hidden, [=](std::int64_t j, auto part) {
    const auto gate = [=](std::int64_t g) {
      return Load(gates.from_x + g * hidden + j, part) + Load(gates.from_h + g * hidden + j, part);
    };
    const auto cell = Sigmoid(gate(1)) * Load(c + j, part) + Sigmoid(gate(0)) * Tanh(gate(2));
    Store(c + j, cell, part);
    Store(h + j, Sigmoid(gate(3)) * Tanh(cell), part);
  });
}

template <class T>
void GruRow(const Gates<T>& gates, T* h) {
  const std::int64_t hidden = gates.hidden;
  ForEachVector<T>(hidden, [=](std::int64_t j, auto part) {
    const auto from_x = [=](std::int64_t g) { return Load(gates.from_x + g * hidden + j, part); };
    const auto from_h = [=](std::int64_t g) { return Load(gates.from_h + g * hidden + j, part); };
    const auto reset = Sigmoid(from_x(0) + from_h(0));
    const auto update = Sigmoid(from_x(1) + from_h(1));
    const auto fresh = Tanh(from_x(2) + reset * from_h(2));
    Store(h + j, (1 - update) * fresh + update * Load(h + j, part), part);
  });
}

template <class T>
RowKernels<T> RowKernelsOf() {
  using V = typename Vector<T>::Type;
  RowKernels<T> kernels;
  const auto map = []<class Fn>(Fn) -> typename RowKernels<T>::Map {
    return [](const T* x, T* to, std::int64_t count) { MapRow(x, to, count, Fn{}); };
  };
  kernels.exp = map([](V x) { return Exp(x); });
  kernels.tanh = map([](V x) { return Tanh(x); });
  kernels.erf = map([](V x) { return Erf(x); });
  kernels.sigmoid = map([](V x) { return Sigmoid(x); });
  kernels.silu = map([](V x) { return Silu(x); });
  kernels.gelu = map([](V x) { return Gelu(x); });
  kernels.gelu_tanh = map([](V x) { return GeluTanh(x); });
  kernels.softmax = SoftmaxRow<T>;
  kernels.log_softmax = LogSoftmaxRow<T>;
  kernels.moments = MomentsOfRow<T>;
  kernels.normalise = NormaliseRow<T>;
  kernels.lstm = LstmRow<T>;
  kernels.gru = GruRow<T>;
  return kernels;
}

}  // namespace
}  // namespace fedge::portable
