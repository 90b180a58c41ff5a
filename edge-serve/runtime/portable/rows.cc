#include "fedge/engine/portable/rows.h"

namespace fedge::portable {
namespace {

RowKernels<float> Choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return Avx512RowKernels();
  if (__builtin_cpu_supports("avx2")) return Avx2RowKernels();
#endif
  return BaseRowKernels();
}

}  // namespace

template <>
const RowKernels<float>& BestRowKernels() {
  static const RowKernels<float> best = Choose();
  return best;
}
template <>
const RowKernels<double>& BestRowKernels() {
  static const RowKernels<double> best = RowKernelsOfDouble();
  return best;
}

}  // namespace fedge::portable
