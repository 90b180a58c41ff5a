#include "fedge/engine/portable/quant_kernels_body.h"

namespace fedge::portable {

QuantKernels Avx2QuantKernels() { return TheseKernels(); }

}  // namespace fedge::portable
