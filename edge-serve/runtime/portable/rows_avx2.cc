#include "fedge/engine/portable/rows_body.h"

namespace fedge::portable {

RowKernels<float> Avx2RowKernels() { return RowKernelsOf<float>(); }

}  // namespace fedge::portable
