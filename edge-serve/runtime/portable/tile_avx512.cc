#include "fedge/engine/portable/tile_body.h"

namespace fedge::portable {

TileKernelSet Avx512TileKernels() { return TheseKernels(); }

}  // namespace fedge::portable
