#include "fedge/engine/portable/unary.h"

#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>

#include "fedge/common/check.h"
#include "fedge/engine/portable/math.h"
#include "fedge/engine/portable/rows.h"

namespace fedge::portable {
namespace {

using Kind = op::Unary::Kind;

template <class T, class Fn>
void Map(const T* from, T* to, std::int64_t count, Fn&& fn) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = fn(from[i]);
}

// torch.clamp with a bound that is NaN gives NaN everywhere.
template <class T>
void ApplyClamp(T least, T largest, const T* from, T* to, std::int64_t count) {
  const T nan = least != least ? least : largest;
  if (nan != nan) return Map(from, to, count, [nan](T) { return nan; });
  Map(from, to, count, [=](T x) { return Clamp(x, least, largest); });
}

std::int64_t Bound(double value) {
  if (value >= 0x1p63) return std::numeric_limits<std::int64_t>::max();
  if (!(value >= -0x1p63)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

std::int64_t Negate(std::int64_t x) {  // wraps
  return static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(x));
}

void ApplyInteger(const op::Unary& op, const std::int64_t* from, std::int64_t* to,
                  std::int64_t count) {
  using T = std::int64_t;
  switch (op.kind) {
    case Kind::kRelu:
      return ApplyClamp<T>(0, std::numeric_limits<T>::max(), from, to, count);
    case Kind::kRelu6:
      return ApplyClamp<T>(0, 6, from, to, count);
    case Kind::kClamp:
      return ApplyClamp<T>(Bound(op.alpha), Bound(op.beta), from, to, count);
    case Kind::kNeg:
      return Map(from, to, count, Negate);
    case Kind::kAbs:
      return Map(from, to, count, [](T x) { return x < 0 ? Negate(x) : x; });
    case Kind::kNot:
      return Map(from, to, count, [](T x) { return T{x == 0}; });
    default:  // kFloor, kRound
      if (to != from) std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(T));
  }
}

// What is built of exponentials and the like.
template <std::floating_point T>
void ApplySmooth(const op::Unary& op, const T* from, T* to, std::int64_t count) {
  const RowKernels<T>& rows = BestRowKernels<T>();
  const T alpha = static_cast<T>(op.alpha);
  const T beta = static_cast<T>(op.beta);
  switch (op.kind) {
    case Kind::kSilu:
      return rows.silu(from, to, count);
    case Kind::kGelu:
      return rows.gelu(from, to, count);
    case Kind::kGeluTanh:
      return rows.gelu_tanh(from, to, count);
    case Kind::kSigmoid:
      return rows.sigmoid(from, to, count);
    case Kind::kTanh:
      return rows.tanh(from, to, count);
    case Kind::kElu:
      return Map(from, to, count, [=](T x) { return x > 0 ? x : alpha * std::expm1(x); });
    case Kind::kSoftplus:
      return Map(from, to, count, [=](T x) {
        return x * alpha > beta ? x : std::log1p(std::exp(x * alpha)) / alpha;
      });
    case Kind::kExp:
      return rows.exp(from, to, count);
    case Kind::kLog:
      return Map(from, to, count, [](T x) { return std::log(x); });
    default:
      FEDGE_CHECK(op.kind == Kind::kErf);
      return rows.erf(from, to, count);
  }
}

template <std::floating_point T>
void ApplyFloating(const op::Unary& op, const T* from, T* to, std::int64_t count) {
  const T alpha = static_cast<T>(op.alpha);
  switch (op.kind) {
    case Kind::kRelu:
      return Map(from, to, count, [](T x) { return x < 0 ? T(0) : x; });
    case Kind::kRelu6:
      return Map(from, to, count, [](T x) { return Clamp(x, T(0), T(6)); });
    case Kind::kLeakyRelu:
      return Map(from, to, count, [=](T x) { return x > 0 ? x : x * alpha; });
    case Kind::kHardswish:
      return Map(from, to, count, [](T x) { return x * Clamp(x + 3, T(0), T(6)) / 6; });
    case Kind::kHardsigmoid:
      return Map(from, to, count, [](T x) { return Clamp(x + 3, T(0), T(6)) / 6; });
    case Kind::kClamp:
      return ApplyClamp(alpha, static_cast<T>(op.beta), from, to, count);
    case Kind::kNeg:
      return Map(from, to, count, [](T x) { return -x; });
    case Kind::kAbs:
      return Map(from, to, count, [](T x) { return std::fabs(x); });
    case Kind::kSqrt:
      return Map(from, to, count, [](T x) { return std::sqrt(x); });
    case Kind::kRsqrt:
      return Map(from, to, count, [](T x) { return T(1) / std::sqrt(x); });
    case Kind::kReciprocal:
      return Map(from, to, count, [](T x) { return T(1) / x; });
    case Kind::kFloor:
      return Map(from, to, count, [](T x) { return std::floor(x); });
    case Kind::kRound:
      return Map(from, to, count, [](T x) { return std::rint(x); });
    case Kind::kNot:
      return Map(from, to, count, [](T x) { return x == 0 ? T(1) : T(0); });
    default:
      return ApplySmooth(op, from, to, count);
  }
}

}  // namespace

template <class T>
bool SupportsUnary(Kind kind) {
  if (std::floating_point<T>) return true;
  switch (kind) {
    case Kind::kRelu:
    case Kind::kRelu6:
    case Kind::kClamp:
    case Kind::kNeg:
    case Kind::kAbs:
    case Kind::kFloor:
    case Kind::kRound:
    case Kind::kNot:
      return true;
    default:
      return false;
  }
}

template <class T>
void ApplyUnary(const op::Unary& op, const T* from, T* to, std::int64_t count) {
  if constexpr (std::floating_point<T>) {
    ApplyFloating(op, from, to, count);
  } else {
    ApplyInteger(op, from, to, count);
  }
}

template bool SupportsUnary<float>(Kind);
template bool SupportsUnary<double>(Kind);
template bool SupportsUnary<std::int64_t>(Kind);
template void ApplyUnary(const op::Unary&, const float*, float*, std::int64_t);
template void ApplyUnary(const op::Unary&, const double*, double*, std::int64_t);
template void ApplyUnary(const op::Unary&, const std::int64_t*, std::int64_t*, std::int64_t);

}  // namespace fedge::portable
