#include "fedge/engine/portable/tile.h"

namespace fedge::portable {
namespace {

TileKernelSet Choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return Avx512TileKernels();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Avx2TileKernels();
#endif
  return BaseTileKernels();
}

const TileKernelSet& Best() {
  static const TileKernelSet best = Choose();
  return best;
}

}  // namespace

template <>
const TileKernels<float>& BestTileKernels() {
  return Best().of_float;
}
template <>
const TileKernels<double>& BestTileKernels() {
  return Best().of_double;
}

}  // namespace fedge::portable
