#include "fedge/engine/portable/quant_kernels.h"

#include <cmath>

namespace fedge::portable {
namespace {

QuantKernels Choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) {
    return VnniQuantKernels();
  }
  if (__builtin_cpu_supports("avx2")) return Avx2QuantKernels();
#endif
  return BaseQuantKernels();
}

}  // namespace

const QuantKernels& BestQuantKernels() {
  static const QuantKernels best = Choose();
  return best;
}

QuantRange RangeOf(const QuantLimits& limits) {
  QuantRange range{.finite = limits.finite};
  if (!range.finite) return range;
  const float scale = (limits.largest - limits.least) / 255.0F;
  if (std::isnormal(scale)) range.scale = scale;
  const float zero_point = -limits.least * (1.0F / range.scale);
  range.zero_point = zero_point >= 255.0F ? 255 : static_cast<std::int32_t>(std::rint(zero_point));
  return range;
}

}  // namespace fedge::portable
