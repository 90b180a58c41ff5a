#include "fedge/engine/portable/rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/engine/portable/tile.h"
#include "host_tensor.h"

namespace fedge::portable {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct InstructionSet {
  std::string name;
  RowKernels<float> rows;
  TileKernelSet tiles;
};

// Those that this CPU has.
std::vector<InstructionSet> InstructionSets() {
  std::vector<InstructionSet> sets = {{"base", BaseRowKernels(), BaseTileKernels()}};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    sets.push_back({"AVX2", Avx2RowKernels(), Avx2TileKernels()});
  }
  if (__builtin_cpu_supports("avx512f")) {
    sets.push_back({"AVX-512", Avx512RowKernels(), Avx512TileKernels()});
  }
#endif
  return sets;
}

std::vector<float> Numbers(std::int64_t count, std::uint64_t seed, float scale = 3) {
  const auto random = fedge::testing::RandomTensor({count}, DType::kFloat32, seed).values;
  std::vector<float> numbers(random.begin(), random.end());
  for (float& number : numbers) number *= scale;
  return numbers;
}

// Any NaN is like any other.
std::vector<std::uint32_t> Bits(const std::vector<float>& numbers) {
  std::vector<std::uint32_t> bits;
  for (const float number : numbers) {
    bits.push_back(std::isnan(number) ? 0x7fc00000 : std::bit_cast<std::uint32_t>(number));
  }
  return bits;
}

// Rows of every length about a vector's, with what is special at every place of one.
std::vector<std::vector<float>> Rows() {
  std::vector<std::vector<float>> rows;
  for (std::int64_t count = 1; count <= 67; ++count) rows.push_back(Numbers(count, 1));
  rows.push_back(Numbers(197, 2, 0.1F));
  rows.push_back(Numbers(1001, 3, 40));
  for (const float special : {kNan, kInfinity, -kInfinity, -0.0F, -1e30F, 1e30F, 1e-42F, -200.0F}) {
    for (std::size_t i = 0; i < 37; ++i) {
      rows.push_back(Numbers(37, 4));
      rows.back()[i] = special;
    }
    rows.emplace_back(19, special);
  }
  return rows;
}

// The results of all row kernels, with what lies behind a row.
std::vector<float> Everything(const RowKernels<float>& rows, const std::vector<float>& x) {
  std::vector<float> all;
  const auto size = x.size();
  const auto count = static_cast<std::int64_t>(size);
  const auto add = [&](auto fn) {
    std::vector<float> to(size + 32, 7);
    fn(to.data());
    EXPECT_EQ(std::vector<float>(to.begin() + count, to.end()), std::vector<float>(32, 7));
    all.insert(all.end(), to.begin(), to.begin() + count);
  };
  const std::vector<float> weight = Numbers(count, 5), bias = Numbers(count, 6);
  for (const auto map :
       {rows.exp, rows.tanh, rows.erf, rows.sigmoid, rows.silu, rows.gelu, rows.gelu_tanh}) {
    add([&](float* to) { map(x.data(), to, count); });
  }
  add([&](float* to) { rows.softmax(x.data(), 0.7F, count, to); });
  add([&](float* to) { rows.log_softmax(x.data(), count, to); });
  add([&](float* to) {  // in place
    std::copy(x.begin(), x.end(), to);
    rows.softmax(to, 0.7F, count, to);
  });
  const Moments moments = rows.moments(x.data(), count);
  all.push_back(static_cast<float>(moments.mean));
  all.push_back(static_cast<float>(moments.variance));
  for (const float* w : {static_cast<const float*>(nullptr), weight.data()}) {
    add([&](float* to) {
      rows.normalise(x.data(), {0.5F, 1.25F, w, w == nullptr ? nullptr : bias.data()}, count, to);
    });
  }
  return all;
}

TEST(RowKernelsTest, EveryInstructionSetGivesTheSameBytes) {
  const std::vector<InstructionSet> sets = InstructionSets();
  for (const std::vector<float>& x : Rows()) {
    const std::vector<std::uint32_t> expected = Bits(Everything(sets.front().rows, x));
    for (const InstructionSet& set : sets) {
      ASSERT_EQ(Bits(Everything(set.rows, x)), expected) << set.name << ", " << x.size();
    }
  }
}

TEST(RowKernelsTest, SoftmaxKnowsWhatIsInfinite) {
  const auto is_nan = [](float value) { return std::isnan(value); };
  for (const InstructionSet& set : InstructionSets()) {
    std::vector<float> to(37);
    const auto softmax = [&](const std::vector<float>& x) {
      set.rows.softmax(x.data(), 0.5F, static_cast<std::int64_t>(x.size()), to.data());
    };
    for (std::size_t seen = 0; seen < to.size(); ++seen) {  // all others are masked
      std::vector<float> x(to.size(), -kInfinity);
      for (const float value : {-3e38F, 0.0F, 3e38F}) {
        x[seen] = value;
        softmax(x);
        for (std::size_t i = 0; i < to.size(); ++i) EXPECT_EQ(to[i], i == seen ? 1 : 0) << set.name;
      }
      for (const float value : {kNan, kInfinity}) {
        x[seen] = value;
        softmax(x);
        EXPECT_TRUE(is_nan(to[seen])) << set.name;
      }
    }
    softmax(std::vector<float>(to.size(), -kInfinity));
    EXPECT_TRUE(std::all_of(to.begin(), to.end(), is_nan)) << set.name;
    softmax(std::vector<float>(to.size(), 1e38F));
    for (const float value : to) EXPECT_FLOAT_EQ(value, 1.0F / 37);
  }
}

TEST(RowKernelsTest, StepsOfRecurrentLayersGiveTheSameBytes) {
  const std::vector<InstructionSet> sets = InstructionSets();
  for (const std::int64_t hidden : {1, 3, 15, 16, 17, 33, 64, 100}) {
    std::vector<float> from_x = Numbers(4 * hidden, 1), from_h = Numbers(4 * hidden, 2);
    from_x[0] = kNan;
    from_x[static_cast<std::size_t>(hidden)] = -kInfinity;
    from_h[static_cast<std::size_t>(2 * hidden)] = 1e30F;
    const auto run = [&](const RowKernels<float>& rows) {
      std::vector<float> h = Numbers(hidden, 3), c = Numbers(hidden, 4), g = h;
      rows.lstm({from_x.data(), from_h.data(), hidden}, h.data(), c.data());
      rows.gru({from_x.data(), from_h.data(), hidden}, g.data());
      h.insert(h.end(), c.begin(), c.end());
      h.insert(h.end(), g.begin(), g.end());
      return Bits(h);
    };
    const auto expected = run(sets.front().rows);
    for (const InstructionSet& set : sets) EXPECT_EQ(run(set.rows), expected) << set.name;
  }
}

// What a row gives alone it must give in a block of rows.
template <class T>
void CheckSingleRow(const TileKernels<T>& kernels, const std::string& name) {
  for (const std::int64_t length : {1, 2, 7, 64}) {
    for (const std::int64_t num_taps : {1, 3}) {
      const auto depth = num_taps * length;
      const auto columns = kRowPanels * kernels.columns;
      const std::vector<float> x = Numbers(depth * kernels.max_rows, 1);
      const std::vector<float> panels = Numbers(depth * columns, 2), bias = Numbers(columns, 3);
      const std::vector<T> xs(x.begin(), x.end()), weights(panels.begin(), panels.end());
      const std::vector<T> biases(bias.begin(), bias.end());
      std::vector<const T*> rows;
      for (std::int64_t i = 0; i < num_taps * kernels.max_rows; ++i) {
        rows.push_back(xs.data() + i * length);
      }
      std::vector<T> alone(static_cast<std::size_t>(columns));
      std::vector<T> block(static_cast<std::size_t>(kernels.max_rows * columns));
      kernels.row({rows.data(), 1, num_taps, length, 0, weights.data(), biases.data(), alone.data(),
                   columns});
      for (std::int64_t p = 0; p < kRowPanels; ++p) {
        const std::int64_t first = p * kernels.columns;
        kernels.full({rows.data(), kernels.max_rows, num_taps, length, 0,
                      weights.data() + first * depth, biases.data() + first, block.data() + first,
                      columns});
      }
      EXPECT_EQ(alone, std::vector<T>(block.begin(), block.begin() + columns)) << name;
    }
  }
}

TEST(TileKernelsTest, ASingleRowGivesTheBytesOfOneOfMany) {
  for (const InstructionSet& set : InstructionSets()) {
    CheckSingleRow(set.tiles.of_float, set.name);
    CheckSingleRow(set.tiles.of_double, set.name);
  }
}

}  // namespace
}  // namespace fedge::portable
