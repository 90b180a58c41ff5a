#include "fedge/engine/portable/quant_kernels_body.h"

namespace fedge::portable {

QuantKernels VnniQuantKernels() { return TheseKernels(); }

}  // namespace fedge::portable
