#include <cmath>
#include <concepts>
#include <limits>

#include "fedge/engine/portable/elementwise.h"
#include "fedge/engine/portable/math.h"

namespace fedge::portable {
namespace {

using Kind = op::Binary::Kind;

bool IsComparison(Kind kind) { return kind >= Kind::kEq; }

std::uint64_t Bits(std::int64_t x) { return static_cast<std::uint64_t>(x); }

// Integers wrap; quotients are rounded down, as torch.floor_divide does.
std::int64_t FloorDivide(std::int64_t a, std::int64_t b) {
  if (b == 0) return 0;  // reported by the row
  if (b == -1) return static_cast<std::int64_t>(0 - Bits(a));
  const std::int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

std::int64_t Power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : (base == -1 ? (exponent % 2 != 0 ? -1 : 1) : 0);
  std::uint64_t result = 1;
  for (std::uint64_t square = Bits(base); exponent > 0; exponent >>= 1, square *= square) {
    if ((exponent & 1) != 0) result *= square;
  }
  return static_cast<std::int64_t>(result);
}

struct Integers {
  using T = std::int64_t;
  static T Add(T a, T b) { return static_cast<T>(Bits(a) + Bits(b)); }
  static T Sub(T a, T b) { return static_cast<T>(Bits(a) - Bits(b)); }
  static T Mul(T a, T b) { return static_cast<T>(Bits(a) * Bits(b)); }
  static T Div(T a, T b) { return FloorDivide(a, b); }
  static T Pow(T a, T b) { return Power(a, b); }
};

template <class Number>
struct Reals {
  using T = Number;
  static T Add(T a, T b) { return a + b; }
  static T Sub(T a, T b) { return a - b; }
  static T Mul(T a, T b) { return a * b; }
  static T Div(T a, T b) { return a / b; }
  static T Pow(T a, T b) { return std::pow(a, b); }
};

template <class T, class Fn>
void Map(const T* a, const T* b, T* out, std::int64_t count, Fn&& fn) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<T>(fn(a[i], b[i]));
}

template <class T>
void Compare(Kind kind, const T* a, const T* b, T* out, std::int64_t count) {
  switch (kind) {
    case Kind::kEq:
      return Map(a, b, out, count, [](T x, T y) { return x == y; });
    case Kind::kNe:
      return Map(a, b, out, count, [](T x, T y) { return x != y; });
    case Kind::kLt:
      return Map(a, b, out, count, [](T x, T y) { return x < y; });
    case Kind::kLe:
      return Map(a, b, out, count, [](T x, T y) { return x <= y; });
    case Kind::kGt:
      return Map(a, b, out, count, [](T x, T y) { return x > y; });
    case Kind::kGe:
      return Map(a, b, out, count, [](T x, T y) { return x >= y; });
    case Kind::kAnd:
      return Map(a, b, out, count, [](T x, T y) { return (x != 0) & (y != 0); });
    default:  // kOr
      return Map(a, b, out, count, [](T x, T y) { return (x != 0) | (y != 0); });
  }
}

template <class Numbers, class T = typename Numbers::T>
void Compute(Kind kind, const T* a, const T* b, T* out, std::int64_t count) {
  switch (kind) {
    case Kind::kAdd:
      return Map(a, b, out, count, [](T x, T y) { return Numbers::Add(x, y); });
    case Kind::kSub:
      return Map(a, b, out, count, [](T x, T y) { return Numbers::Sub(x, y); });
    case Kind::kMul:
      return Map(a, b, out, count, [](T x, T y) { return Numbers::Mul(x, y); });
    case Kind::kDiv:
      return Map(a, b, out, count, [](T x, T y) { return Numbers::Div(x, y); });
    case Kind::kMin:
      return Map(a, b, out, count, [](T x, T y) { return Smallest(x, y); });
    case Kind::kMax:
      return Map(a, b, out, count, [](T x, T y) { return Largest(x, y); });
    case Kind::kPow:
      return Map(a, b, out, count, [](T x, T y) { return Numbers::Pow(x, y); });
    default:
      return Compare(kind, a, b, out, count);
  }
}

template <class T>
KernelPtr MakeBinary(Kind kind, const KernelRequest& request) {
  using Numbers = std::conditional_t<std::integral<T>, Integers, Reals<T>>;
  return MakeElementwise<T, 2>(
      request, [kind](const std::array<const T*, 2>& in, T* out, std::int64_t count) {
        const bool divides = std::integral<T> && kind == Kind::kDiv;
        const bool defined = !divides || std::find(in[1], in[1] + count, T{0}) == in[1] + count;
        Compute<Numbers>(kind, in[0], in[1], out, count);
        return defined;
      });
}

// The wider of the two: float64, float32, integers.
DType Promoted(const KernelRequest& request) {
  const DType a = ComputeType(request.inputs[0].dtype);
  const DType b = ComputeType(request.inputs[1].dtype);
  if (a == DType::kFloat64 || b == DType::kFloat64) return DType::kFloat64;
  return a == DType::kFloat32 ? a : b;
}

}  // namespace

KernelPtr Make(const op::Binary& op, const KernelRequest& request) {
  const DType dtype = IsComparison(op.kind) ? Promoted(request) : request.outputs[0].dtype;
  return WithComputeType(dtype, [&]<class T>() { return MakeBinary<T>(op.kind, request); });
}

}  // namespace fedge::portable
