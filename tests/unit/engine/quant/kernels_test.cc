// Every instruction set's inner loops give the same bytes.
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/engine/portable/quant_kernels.h"

namespace fedge::portable {
namespace {

std::vector<std::pair<std::string, QuantKernels>> Faster() {
  std::vector<std::pair<std::string, QuantKernels>> sets;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) sets.emplace_back("AVX2", Avx2QuantKernels());
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")) {
    sets.emplace_back("VNNI", VnniQuantKernels());
  }
#endif
  return sets;
}

// Numbers of all magnitudes, and those that are none.
std::vector<float> Numbers(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> numbers(count);
  for (float& number : numbers) {
    const auto bits = static_cast<std::uint32_t>(random());
    std::memcpy(&number, &bits, sizeof number);
    if (random() % 2 == 0) number = static_cast<float>(random() % 2048) * 0.25F - 128;
  }
  return numbers;
}

template <class T>
std::vector<T> Integers(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<T> integers(count);
  for (T& integer : integers) integer = static_cast<T>(random());
  return integers;
}

constexpr std::int64_t kCounts[] = {1, 7, 16, 31, 64, 1000};

TEST(QuantKernelsTest, BytesOfSumsAgree) {
  const auto sums = Integers<std::int32_t>(1000, 1);
  const auto scale = Numbers(1000, 2), bias = Numbers(1000, 3);
  for (const auto& [name, kernels] : Faster()) {
    SCOPED_TRACE(name);
    for (const std::int64_t count : kCounts) {
      const QuantSums in{sums.data(), scale.data(), bias.data(), count};
      std::vector<std::uint8_t> actual(1000), expected(1000);
      kernels.to_bytes(in, actual.data());
      BaseQuantKernels().to_bytes(in, expected.data());
      EXPECT_EQ(actual, expected);
    }
  }
}

TEST(QuantKernelsTest, BytesOfNumbersAgree) {
  const auto numbers = Numbers(1000, 1);
  for (const auto& [name, kernels] : Faster()) {
    SCOPED_TRACE(name);
    for (const std::int64_t count : kCounts) {
      for (const float inverse : {1.0F, 0.3F, 1e20F, std::numeric_limits<float>::infinity()}) {
        std::vector<std::uint8_t> actual(1000), expected(1000);
        kernels.quantize(numbers.data(), count, inverse, 77, actual.data());
        BaseQuantKernels().quantize(numbers.data(), count, inverse, 77, expected.data());
        EXPECT_EQ(actual, expected);
      }
    }
  }
}

TEST(QuantKernelsTest, SumsOfBytesAgree) {
  const auto a = Integers<std::uint8_t>(1000, 1), b = Integers<std::uint8_t>(1000, 2);
  for (const auto& [name, kernels] : Faster()) {
    for (const std::int64_t count : kCounts) {
      const QuantAddends addends{a.data(), b.data(), 0.71F, 0.33F, -9.5F};
      std::vector<std::uint8_t> actual(1000), expected(1000);
      kernels.add(addends, count, actual.data());
      BaseQuantKernels().add(addends, count, expected.data());
      EXPECT_EQ(actual, expected) << name;
    }
  }
}

TEST(QuantKernelsTest, LimitsAgree) {
  for (const auto& [name, kernels] : Faster()) {
    for (unsigned seed = 0; seed < 20; ++seed) {
      const auto numbers = Numbers(static_cast<std::size_t>(kCounts[seed % 6]), seed);
      QuantLimits actual, expected;
      const auto count = static_cast<std::int64_t>(numbers.size());
      kernels.find_limits(numbers.data(), count, actual);
      BaseQuantKernels().find_limits(numbers.data(), count, expected);
      EXPECT_EQ(actual.finite, expected.finite) << name;
      if (!expected.finite) continue;
      EXPECT_EQ(actual.least, expected.least) << name;
      EXPECT_EQ(actual.largest, expected.largest) << name;
    }
  }
}

// Rows of bytes times a panel, against the definition.
void ExpectTile(const QuantKernels& kernels, std::int64_t num_rows, std::int64_t num_taps,
                std::int64_t length) {
  const std::int64_t groups = (length + 3) / 4;
  const auto bytes = Integers<std::uint8_t>(4096, 1);
  auto panel =
      Integers<std::int8_t>(static_cast<std::size_t>(num_taps * groups * 4 * kernels.columns), 2);
  std::vector<const std::uint8_t*> rows(static_cast<std::size_t>(num_taps * kernels.max_rows),
                                        bytes.data());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] += i * 7 % 4000;
  std::vector<std::int32_t> sums(kMaxQuantRows * kMaxQuantColumns);
  kernels.tile({rows.data(), num_rows, num_taps, length, 3, panel.data(), sums.data()});
  for (std::int64_t r = 0; r < num_rows; ++r) {
    for (std::int64_t j = 0; j < kernels.columns; ++j) {
      std::int32_t sum = 0;
      for (std::int64_t t = 0; t < num_taps; ++t) {
        for (std::int64_t i = 0; i < length; ++i) {
          sum += rows[static_cast<std::size_t>(t * kernels.max_rows + r)][3 + i] *
                 panel[static_cast<std::size_t>(((t * groups + i / 4) * kernels.columns + j) * 4 +
                                                i % 4)];
        }
      }
      ASSERT_EQ(sums[static_cast<std::size_t>(r * kernels.columns + j)], sum)
          << num_rows << " rows, " << num_taps << " taps, length " << length;
    }
  }
}

TEST(QuantKernelsTest, TilesAreExact) {
  auto sets = Faster();
  sets.emplace_back("base", BaseQuantKernels());
  for (const auto& [name, kernels] : sets) {
    SCOPED_TRACE(name);
    for (std::int64_t rows = 1; rows <= kernels.max_rows; ++rows) {
      for (const std::int64_t length : {1, 2, 3, 4, 5, 8, 11, 64}) {
        ExpectTile(kernels, rows, 1, length);
        ExpectTile(kernels, rows, 9, length);
      }
    }
  }
}

}  // namespace
}  // namespace fedge::portable
