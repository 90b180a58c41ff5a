#include "fedge/engine/portable/tile_body.h"

namespace fedge::portable {

TileKernelSet BaseTileKernels() { return TheseKernels(); }

}  // namespace fedge::portable
