#pragma once

#include <cstdint>

#include "fedge/program/ops.h"

namespace fedge::portable {

// Whether the function is defined for T: all are for float and double, few for std::int64_t.
template <class T>
bool SupportsUnary(op::Unary::Kind kind);

// to[i] = f(from[i]); `to` may be `from`.
template <class T>
void ApplyUnary(const op::Unary& op, const T* from, T* to, std::int64_t count);

extern template bool SupportsUnary<float>(op::Unary::Kind);
extern template bool SupportsUnary<double>(op::Unary::Kind);
extern template bool SupportsUnary<std::int64_t>(op::Unary::Kind);
extern template void ApplyUnary(const op::Unary&, const float*, float*, std::int64_t);
extern template void ApplyUnary(const op::Unary&, const double*, double*, std::int64_t);
extern template void ApplyUnary(const op::Unary&, const std::int64_t*, std::int64_t*, std::int64_t);

}  // namespace fedge::portable
