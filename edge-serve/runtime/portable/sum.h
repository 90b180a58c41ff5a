#pragma once

#include <algorithm>
#include <cstdint>

#include "fedge/engine/portable/math.h"

namespace fedge::portable {

// Sums in a fixed order, in as many lanes as make vector code.
template <class T, class Fn>
T SumOf(std::int64_t count, Fn&& term) {
  constexpr std::int64_t kLanes = 16;
  T lanes[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::int64_t j = 0; j < kLanes; ++j) lanes[j] += term(i + j);
  }
  for (std::int64_t j = 0; i + j < count; ++j) lanes[j] += term(i + j);
  for (std::int64_t width = kLanes / 2; width > 0; width /= 2) {
    for (std::int64_t j = 0; j < width; ++j) lanes[j] += lanes[j + width];
  }
  return lanes[0];
}

template <class T>
T LargestOf(const T* x, std::int64_t count) {
  constexpr std::int64_t kLanes = 16;
  T lanes[kLanes];
  std::fill_n(lanes, kLanes, x[0]);
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::int64_t j = 0; j < kLanes; ++j) lanes[j] = Largest(lanes[j], x[i + j]);
  }
  for (; i < count; ++i) lanes[0] = Largest(lanes[0], x[i]);
  for (std::int64_t j = 1; j < kLanes; ++j) lanes[0] = Largest(lanes[0], lanes[j]);
  return lanes[0];
}

}  // namespace fedge::portable
