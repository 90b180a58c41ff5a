#include "fedge/quantize/exact_sum.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace fedge::quantize {
namespace {

constexpr std::uint32_t kDigitBits = 32;
constexpr std::int64_t kDigitMask = 0xffffffff;
constexpr int kLowestExponent = -149;
// Each number adds less than 2^32 to a digit of 63 bits.
constexpr std::uint32_t kMaxBeforeCarry = 1U << 30;

}  // namespace

void ExactSum::Add(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t exponent = (bits >> 23) & 0xff;
  const std::uint32_t fraction = bits & 0x7fffff;
  const std::uint64_t significand = exponent == 0 ? fraction : fraction | 0x800000U;
  const std::uint32_t shift = exponent == 0 ? 0 : exponent - 1;

  const std::uint64_t wide = significand << (shift % kDigitBits);
  const auto low = static_cast<std::int64_t>(wide) & kDigitMask;
  const auto high = static_cast<std::int64_t>(wide >> kDigitBits);
  const std::int64_t sign = (bits >> 31) != 0 ? -1 : 1;
  const std::size_t digit = shift / kDigitBits;
  digits_[digit] += sign * low;
  digits_[digit + 1] += sign * high;
  if (++num_since_carry_ == kMaxBeforeCarry) {
    Carry(digits_);
    num_since_carry_ = 0;
  }
}

void ExactSum::Carry(Digits& digits) {
  for (std::size_t i = 0; i + 1 < kNumDigits; ++i) {
    digits[i + 1] += digits[i] >> kDigitBits;
    digits[i] &= kDigitMask;
  }
}

void ExactSum::Merge(const ExactSum& other) {
  Digits theirs = other.digits_;
  Carry(theirs);
  Carry(digits_);
  for (std::size_t i = 0; i < kNumDigits; ++i) digits_[i] += theirs[i];
  num_since_carry_ = 1;
}

double ExactSum::value() const {
  Digits digits = digits_;
  Carry(digits);
  const bool negative = digits.back() < 0;
  if (negative) {
    for (std::int64_t& digit : digits) digit = -digit;
    Carry(digits);
  }
  double sum = 0;
  for (std::size_t i = kNumDigits; i-- > 0;) sum = sum * 0x1p32 + static_cast<double>(digits[i]);
  return std::ldexp(negative ? -sum : sum, kLowestExponent);
}

}  // namespace fedge::quantize
