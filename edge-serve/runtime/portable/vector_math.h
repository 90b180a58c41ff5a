#pragma once

#include <cstddef>
#include <cstdint>

#include "fedge/engine/portable/vector.h"

namespace fedge::portable {
namespace {

// Functions of vectors without branches. Those of floats are within 2e-7 of the true value,
// relative to it, and give the same bytes with every instruction set; those of doubles are the C
// library's.

template <class V>
FEDGE_INLINE V Everywhere(decltype(V{}[0] + V{}[0]) value) {
  return value - V{};  // keeps -0
}

// b where either is NaN, as x86 has it.
template <class V>
FEDGE_INLINE V LargerOf(V a, V b) {
  return a > b ? a : b;
}
template <class V>
FEDGE_INLINE V SmallerOf(V a, V b) {
  return a < b ? a : b;
}
#if defined(__AVX512F__)
// GCC 12 warns of what it takes for uninitialised where there is no mask (GCC bug 105593).
constexpr __mmask16 kAllLanes = 0xffff;
FEDGE_INLINE Floats LargerOf(Floats a, Floats b) { return _mm512_maskz_max_ps(kAllLanes, a, b); }
FEDGE_INLINE Floats SmallerOf(Floats a, Floats b) { return _mm512_maskz_min_ps(kAllLanes, a, b); }
#elif defined(__AVX2__)
FEDGE_INLINE Floats LargerOf(Floats a, Floats b) { return _mm256_max_ps(a, b); }
FEDGE_INLINE Floats SmallerOf(Floats a, Floats b) { return _mm256_min_ps(a, b); }
#elif defined(__SSE2__)
FEDGE_INLINE Floats LargerOf(Floats a, Floats b) { return _mm_max_ps(a, b); }
FEDGE_INLINE Floats SmallerOf(Floats a, Floats b) { return _mm_min_ps(a, b); }
#endif

// NaN stays NaN.
template <class V>
FEDGE_INLINE V Between(V x, decltype(V{}[0] + V{}[0]) least, decltype(V{}[0] + V{}[0]) largest) {
  return SmallerOf(Everywhere<V>(largest), LargerOf(Everywhere<V>(least), x));
}

template <class Fn>
FEDGE_INLINE Doubles EachOf(Doubles x, Fn fn) {
  for (std::size_t i = 0; i < Vector<double>::kLanes; ++i) x[i] = fn(x[i]);
  return x;
}

// x * 2^n for an integer n > -252, in two factors: the result may be subnormal or infinite.
// `shifted` is n + 0x1.8p23.
FEDGE_INLINE Floats TimesPowerOfTwo(Floats x, Floats shifted) {
#if defined(__AVX512F__)
  return _mm512_maskz_scalef_ps(kAllLanes, x, shifted - 0x1.8p23F);
#else
  typedef std::int32_t Integers __attribute__((vector_size(kVectorBytes)));
  const Integers exponent = __builtin_bit_cast(Integers, shifted) - 0x4b400000;
  const Integers half = exponent >> 1;
  const Floats low = __builtin_bit_cast(Floats, (half + 127) << 23);
  const Floats high = __builtin_bit_cast(Floats, (exponent - half + 127) << 23);
  return x * low * high;
#endif
}

// Cody and Waite's reduction to [-ln 2 / 2, ln 2 / 2], then Cephes' polynomial.
FEDGE_INLINE Floats Exp(Floats x) {
  constexpr float kRound = 0x1.8p23F;  // adding it rounds to an integer, to nearest even
  const Floats clamped = Between(x, -104.0F, 89.0F);
  const Floats shifted = clamped * 1.44269504088896341F + kRound;
  const Floats n = shifted - kRound;
  const Floats r = (clamped - n * 0.693359375F) + n * 2.12194440e-4F;
  Floats p = r * 1.9875691500e-4F + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  return TimesPowerOfTwo(p, shifted);
}
FEDGE_INLINE Doubles Exp(Doubles x) {
  return EachOf(x, [](double lane) { return __builtin_exp(lane); });
}

// Rational approximations of Eigen (Eigen/src/Core/MathFunctionsImpl.h; SpecialFunctionsImpl.h).
FEDGE_INLINE Floats Tanh(Floats x) {
  constexpr float kOne = 7.90531110763549805F;  // tanh is 1 in float from here on
  const Floats c = Between(x, -kOne, kOne);
  const Floats s = c * c;
  Floats p = s * -2.76076847742355e-16F + 2.00018790482477e-13F;
  p = p * s - 8.60467152213735e-11F;
  p = p * s + 5.12229709037114e-08F;
  p = p * s + 1.48572235717979e-05F;
  p = p * s + 6.37261928875436e-04F;
  p = p * s + 4.89352455891786e-03F;
  Floats q = s * 1.19825839466702e-06F + 1.18534705686654e-04F;
  q = q * s + 2.26843463243900e-03F;
  q = q * s + 4.89352518554385e-03F;
  return c * p / q;
}
FEDGE_INLINE Doubles Tanh(Doubles x) {
  return EachOf(x, [](double lane) { return __builtin_tanh(lane); });
}

FEDGE_INLINE Floats Erf(Floats x) {
  const Floats c = Between(x, -4.0F, 4.0F);
  const Floats s = c * c;
  Floats p = s * -2.72614225801306e-10F + 2.77068142495902e-08F;
  p = p * s - 2.10102402082508e-06F;
  p = p * s - 5.69250639462346e-05F;
  p = p * s - 7.34990630326855e-04F;
  p = p * s - 2.95459980854025e-03F;
  p = p * s - 1.60960333262415e-02F;
  Floats q = s * -1.45660718464996e-05F - 2.13374055278905e-04F;
  q = q * s - 1.68282697438203e-03F;
  q = q * s - 7.37332916720468e-03F;
  q = q * s - 1.42647390514189e-02F;
  return c * p / q;
}
FEDGE_INLINE Doubles Erf(Doubles x) {
  return EachOf(x, [](double lane) { return __builtin_erf(lane); });
}

FEDGE_INLINE float Log(float x) { return __builtin_logf(x); }
FEDGE_INLINE double Log(double x) { return __builtin_log(x); }

template <class V>
FEDGE_INLINE V Sigmoid(V x) {
  return 1 / (1 + Exp(-x));
}

template <class V>
FEDGE_INLINE V Silu(V x) {
  return x / (1 + Exp(-x));
}

template <class V>
FEDGE_INLINE V Gelu(V x) {
  using T = decltype(x[0] + x[0]);
  return static_cast<T>(0.5) * x * (1 + Erf(x * static_cast<T>(0.70710678118654752440)));
}

template <class V>
FEDGE_INLINE V GeluTanh(V x) {
  using T = decltype(x[0] + x[0]);
  const V inner =
      static_cast<T>(0.79788456080286535588) * (x + static_cast<T>(0.044715) * x * x * x);
  return static_cast<T>(0.5) * x * (1 + Tanh(inner));
}

}  // namespace
}  // namespace fedge::portable
