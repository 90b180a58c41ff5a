#include "fedge/engine/portable/tile_body.h"

namespace fedge::portable {

TileKernelSet Avx2TileKernels() { return TheseKernels(); }

}  // namespace fedge::portable
