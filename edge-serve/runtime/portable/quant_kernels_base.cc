#include "fedge/engine/portable/quant_kernels_body.h"

namespace fedge::portable {

QuantKernels BaseQuantKernels() { return TheseKernels(); }

}  // namespace fedge::portable
