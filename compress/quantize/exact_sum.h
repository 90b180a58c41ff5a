#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace fedge::quantize {

// The sum of float32 numbers without any rounding: every float32 is a multiple of 2^-149, so the
// sum is kept as one long integer of such steps in digits of 32 bits (a Kulisch accumulator). It
// does not depend on the order of the numbers, nor on how they are shared out among sums that are
// then merged. Takes 2^60 numbers. Thread-compatible.
class ExactSum {
 public:
  // Precondition: finite.
  void Add(float value);
  void Merge(const ExactSum& other);

  // The sum, rounded to float64 (to the last bit but one); the same for equal sums.
  double value() const;

 private:
  // 277 bits are a float32, 64 their number.
  static constexpr std::size_t kNumDigits = 11;
  using Digits = std::array<std::int64_t, kNumDigits>;

  // All digits but the last in [0, 2^32).
  static void Carry(Digits& digits);

  Digits digits_ = {};
  std::uint32_t num_since_carry_ = 0;
};

}  // namespace fedge::quantize
