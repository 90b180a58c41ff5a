#include "fedge/engine/portable/rows_body.h"

namespace fedge::portable {

RowKernels<float> BaseRowKernels() { return RowKernelsOf<float>(); }

// The C library's functions take most of their time.
RowKernels<double> RowKernelsOfDouble() { return RowKernelsOf<double>(); }

}  // namespace fedge::portable
