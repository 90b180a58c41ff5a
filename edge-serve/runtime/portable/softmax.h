#pragma once

#include <cmath>
#include <cstdint>

#include "fedge/engine/portable/math.h"
#include "fedge/engine/portable/sum.h"

namespace fedge::portable {

// torch.softmax, or log_softmax, of one row without gaps; `to` may be `x`.
template <class T>
void SoftmaxRow(const T* x, std::int64_t count, bool log, T* to) {
  const T largest = LargestOf(x, count);
  if (log) {
    const T sum = SumOf<T>(count, [=](std::int64_t i) { return Exp(x[i] - largest); });
    const T shift = std::log(sum);
    for (std::int64_t i = 0; i < count; ++i) to[i] = (x[i] - largest) - shift;
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) to[i] = Exp(x[i] - largest);
  const T scale = T{1} / SumOf<T>(count, [=](std::int64_t i) { return to[i]; });
  for (std::int64_t i = 0; i < count; ++i) to[i] *= scale;
}

}  // namespace fedge::portable
