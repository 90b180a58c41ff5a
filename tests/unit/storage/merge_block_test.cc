#include "fedge/coordinator/merge_block.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elements.h"
#include "fedge/common/hash.h"
#include "fedge/common/training.h"
#include "fedge/coordinator/float_bits.h"

namespace fedge {
namespace {

using testing::Element;
using testing::Elements;
using testing::Number;

struct Weighted {
  std::string delta;
  std::uint64_t weight;
};

// base + the mean of the updates, all at once.
std::string Merge(DType dtype, const std::string& base, const std::vector<Weighted>& updates) {
  // Bytes of a vector of doubles: aligned for every dtype.
  const std::size_t count = base.size() / DTypeSize(dtype);
  std::vector<double> in(count);
  std::vector<double> out(count);
  std::vector<double> sum(count);
  double total = 0;
  for (const Weighted& update : updates) {
    std::memcpy(in.data(), update.delta.data(), base.size());
    AddWeighted(dtype, std::as_bytes(std::span(in)).first(base.size()),
                static_cast<double>(update.weight), sum);
    total += static_cast<double>(update.weight);
  }
  AddMean(dtype, AsBytes(base), sum, total,
          std::as_writable_bytes(std::span(out)).first(base.size()));
  return {reinterpret_cast<const char*>(out.data()), base.size()};
}

// Flower's aggregate_test.py and fedavgm_test.py, with the average as the update on a base of zero.
TEST(MergeBlockTest, PublishedAverages) {
  const std::vector<double> zeros(6, 0);
  const auto merge = [&](const std::vector<double>& a, std::uint64_t weight_a,
                         const std::vector<double>& b, std::uint64_t weight_b) {
    const std::vector<double> base(a.size(), 0);
    return Merge(
        DType::kFloat32, Elements(DType::kFloat32, base),
        {{Elements(DType::kFloat32, a), weight_a}, {Elements(DType::kFloat32, b), weight_b}});
  };
  const auto floats = [](const std::vector<double>& values) {
    return Elements(DType::kFloat32, values);
  };
  const std::vector<double> layer = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(merge(layer, 1, layer, 1), floats(layer));
  EXPECT_EQ(merge(layer, 2, layer, 2), floats(layer));
  EXPECT_EQ(merge(layer, 1, {29, 23, 19, 17, 13, 11}, 2),
            floats({59.0 / 3, 16, 41.0 / 3, 38.0 / 3, 31.0 / 3, 28.0 / 3}));
  EXPECT_EQ(merge({7, 8, 9, 10}, 1, {7, 5, 3, 2}, 2), floats({7, 6, 5, 14.0 / 3}));
  EXPECT_EQ(merge({1}, 1, {3}, 2), floats({7.0 / 3}));
}

// The formula once more, in long double and with the conversions of dtype.h: rounded once from a
// wider sum, it can differ from the contract's float64 only in its last bit, and seldom.
TEST(MergeBlockTest, AgreesWithAnIndependentWiderSum) {
  Random random(2);
  constexpr std::size_t kCount = 2'000;
  for (const DType dtype : testing::kFloatTypes) {
    const std::string base = testing::RandomElements(dtype, kCount, random);
    std::vector<Weighted> updates;
    for (int i = 0; i < 20; ++i) {
      updates.push_back({testing::RandomElements(dtype, kCount, random),
                         i % 5 == 0 ? kMaxWeight : 1 + random.Below(1000)});
    }
    const std::string merged = Merge(dtype, base, updates);
    std::size_t differing = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      long double sum = 0;
      long double total = 0;
      for (const Weighted& update : updates) {
        sum += static_cast<long double>(Number(dtype, update.delta, i)) *
               static_cast<long double>(update.weight);
        total += static_cast<long double>(update.weight);
      }
      const long double expected = static_cast<long double>(Number(dtype, base, i)) + sum / total;
      const std::string rounded = Element(dtype, static_cast<double>(expected));
      const double actual = Number(dtype, merged, i);
      differing += Number(dtype, rounded, 0) != actual;
      if (dtype == DType::kFloat64) {
        EXPECT_NEAR(actual, static_cast<double>(expected), 1e-15 * (1 + std::fabs(actual)));
      }
    }
    // float64 shows every difference of the sums; a narrower type hides nearly all of them.
    if (dtype != DType::kFloat64) {
      EXPECT_LE(differing, 1U) << DTypeName(dtype);
    }
  }
}

// The contract's own words in scalar code, bit for bit.
TEST(MergeBlockTest, IsTheContractsFormulaToTheBit) {
  Random random(3);
  for (const DType dtype : testing::kFloatTypes) {
    for (const std::size_t count : {1u, 2u, 3u, 7u, 511u, 513u, 1500u}) {
      const std::string base = testing::RandomElements(dtype, count, random);
      std::vector<Weighted> updates;
      double total = 0;
      for (int i = 0; i < 5; ++i) {
        updates.push_back(
            {testing::RandomElements(dtype, count, random), 1 + random.Below(kMaxWeight)});
        total += static_cast<double>(updates.back().weight);
      }
      std::string expected;
      for (std::size_t i = 0; i < count; ++i) {
        double sum = 0;
        for (const Weighted& update : updates) {
          const double product =
              static_cast<double>(update.weight) * Number(dtype, update.delta, i);
          sum += product;
        }
        const double value = Number(dtype, base, i) + sum / total;
        expected += Element(dtype, value);
      }
      EXPECT_EQ(Merge(dtype, base, updates), expected) << DTypeName(dtype) << " " << count;
    }
  }
}

TEST(MergeBlockTest, ZeroDeltasLeaveTheBaseAsItWas) {
  Random random(4);
  for (const DType dtype : testing::kFloatTypes) {
    const std::string base = testing::RandomElements(dtype, 500, random);
    const std::string zeros = Elements(dtype, std::vector<double>(500, 0.0));
    const std::string merged = Merge(dtype, base, {{zeros, 3}, {zeros, kMaxWeight}});
    for (std::size_t i = 0; i < 500; ++i) {
      EXPECT_EQ(Number(dtype, merged, i), Number(dtype, base, i)) << "zero has no sign that counts";
    }
  }
}

TEST(MergeBlockTest, EqualSubnormalDeltasAverageToThemselves) {
  for (const DType dtype : testing::kFloatTypes) {
    for (const std::uint64_t bits : {1u, 2u, 3u, 77u}) {
      const std::string delta = testing::Raw(bits).substr(0, DTypeSize(dtype));
      const std::string zero(DTypeSize(dtype), '\0');
      EXPECT_EQ(Merge(dtype, zero, {{delta, 1}, {delta, 1}, {delta, 6}}), delta)
          << DTypeName(dtype) << bits;
    }
  }
}

TEST(MergeBlockTest, AMeanBeyondTheRangeIsPointedAt) {
  for (const DType dtype : testing::kFloatTypes) {
    std::vector<double> out(5);
    std::vector<double> sum(5, 0.0);
    const double half = Number(
        dtype,
        testing::Raw(InfinityBits(dtype) - (InfinityBits(dtype) & (~InfinityBits(dtype) + 1)))
            .substr(0, DTypeSize(dtype)),
        0);
    const std::string base = Elements(dtype, {-INFINITY, half, NAN, half, 0});
    sum[0] = 1;
    sum[2] = half;
    sum[1] = half / 2;
    const auto bytes = std::as_writable_bytes(std::span(out)).first(base.size());
    EXPECT_EQ(AddMean(dtype, AsBytes(base), sum, 1, bytes), std::nullopt)
        << "what was not finite before may stay so";
    sum[3] = half;
    EXPECT_EQ(AddMean(dtype, AsBytes(base), sum, 1, bytes), 3U) << DTypeName(dtype);
  }
}

TEST(MergeBlockTest, CountersTakeTheMaximum) {
  const std::vector<std::pair<DType, std::pair<double, double>>> cases = {
      {DType::kInt64, {-5, 1e15}}, {DType::kInt32, {-70000, 70000}}, {DType::kInt16, {-2, 300}},
      {DType::kInt8, {-128, 127}}, {DType::kUInt8, {3, 200}},        {DType::kBool, {0, 1}}};
  for (const auto& [dtype, values] : cases) {
    alignas(8) std::array<char, 24> low{};
    alignas(8) std::array<char, 24> high{};
    const std::size_t size = 3 * DTypeSize(dtype);
    Elements(dtype, {values.first, values.second, values.first}).copy(low.data(), size);
    Elements(dtype, {values.second, values.first, values.first}).copy(high.data(), size);
    TakeMaximum(dtype, std::as_bytes(std::span(low)).first(size),
                std::as_writable_bytes(std::span(high)).first(size));
    EXPECT_EQ(std::string(high.data(), size),
              Elements(dtype, {values.second, values.second, values.first}))
        << DTypeName(dtype);
  }
}

TEST(FloatBitsTest, FindsTheFirstElementAtOrAboveTheLimit) {
  for (const DType dtype : testing::kFloatTypes) {
    const std::size_t width = DTypeSize(dtype);
    for (const std::uint64_t limit : {InfinityBits(dtype), DeltaLimitBits(dtype)}) {
      const std::string below = testing::Raw(limit - 1).substr(0, width);
      std::string bytes = "x";  // not aligned
      for (int i = 0; i < 5'000; ++i) bytes += below;
      const auto find = [&] { return FirstAtLeast(dtype, AsBytes(bytes).subspan(1), limit); };
      EXPECT_EQ(find(), std::nullopt);
      for (const std::size_t index : {4'999u, 4'096u, 2'047u, 1u, 0u}) {
        const std::uint64_t sign = std::uint64_t{index % 2} << (8 * width - 1);
        bytes.replace(1 + index * width, width, testing::Raw(limit | sign).substr(0, width));
        EXPECT_EQ(find(), index);
      }
      const std::string all_ones(width, '\xff');  // a NaN
      EXPECT_EQ(FirstAtLeast(dtype, AsBytes(all_ones), limit), 0U);
    }
  }
}

TEST(FloatBitsTest, LimitsAreHalfOfTheRange) {
  EXPECT_EQ(DeltaLimitBits(DType::kFloat16), DoubleToHalf(32768));
  EXPECT_EQ(DeltaLimitBits(DType::kBFloat16), DoubleToBFloat16(0x1p127));
  EXPECT_EQ(DeltaLimitBits(DType::kFloat32), std::bit_cast<std::uint32_t>(0x1p127F));
  EXPECT_EQ(DeltaLimitBits(DType::kFloat64), std::bit_cast<std::uint64_t>(0x1p960));
  EXPECT_EQ(InfinityBits(DType::kFloat16), DoubleToHalf(INFINITY));
}

// The largest deltas that are let in, with the largest weights, on a base of half the range.
TEST(FloatBitsTest, NoSetOfAllowedDeltasOverflows) {
  for (const DType dtype : testing::kFloatTypes) {
    const std::string delta = testing::Raw(DeltaLimitBits(dtype) - 1).substr(0, DTypeSize(dtype));
    const std::string base =
        dtype == DType::kFloat64 ? Element(dtype, 0x1.fffffffffffffp1022) : delta;
    const std::string merged = Merge(dtype, base, std::vector<Weighted>(1000, {delta, kMaxWeight}));
    EXPECT_TRUE(std::isfinite(Number(dtype, merged, 0))) << DTypeName(dtype);
  }
}

}  // namespace
}  // namespace fedge
