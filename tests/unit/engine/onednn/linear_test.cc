#include <cstdlib>

#include "fedge/engine/providers.h"
#include "kernel_check.h"

namespace fedge::testing {
namespace {

using Kind = op::Unary::Kind;

// oneDNN's fast code for rows begins with AVX-512; without it linear layers of rows are left to
// others.
bool HasRowCode() {
#if defined(__x86_64__)
  if (std::getenv("DNNL_MAX_CPU_ISA") != nullptr) return false;
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512dq") != 0;
#else
  return false;
#endif
}

KernelCase MakeCase(Dims rows, std::int64_t depth, std::int64_t outputs, bool bias = true) {
  KernelCase test{op::Linear{}, {}, rows, Lies::kRowMajor};
  test.output.push_back(outputs);
  rows.push_back(depth);
  test.inputs.emplace_back(Tensor(rows, Lies::kRowMajor));
  test.inputs.emplace_back(Tensor({outputs, depth}, Lies::kRowMajor, 2));
  test.inputs.emplace_back();
  if (bias) test.inputs[2].emplace(Dims{outputs}, Lies::kRowMajor, 3);
  return test;
}

class LinearTest : public OneDnnTest {
 protected:
  void SetUp() override {
    OneDnnTest::SetUp();
    if (!IsSkipped() && !HasRowCode()) GTEST_SKIP() << "needs AVX-512";
  }
};

constexpr std::pair<std::int64_t, std::int64_t> kSizes[] = {
    {784, 300}, {300, 100}, {100, 10}, {1, 3}, {7, 5}, {64, 64}, {1000, 1}, {333, 17}, {2048, 65}};

TEST_F(LinearTest, AGridOfSizesMatches) {
  for (const auto& [depth, outputs] : kSizes) {
    for (const std::int64_t rows : {1, 2, 3, 8, 17, 32, 33, 70}) {
      for (const bool bias : {true, false}) {
        SCOPED_TRACE(fmt::format("{} rows of {} to {}", rows, depth, outputs));
        ExpectPortable(MakeCase({rows}, depth, outputs, bias));
      }
    }
  }
}

TEST_F(LinearTest, MatricesMatch) {
  ExpectPortable(MakeCase({2, 50}, 192, 576));
  ExpectPortable(MakeCase({3, 1}, 64, 100));
  ExpectPortable(MakeCase({2, 3, 4}, 33, 20, false));
}

TEST_F(LinearTest, EveryActivationMatches) {
  for (const op::Unary& activation :
       {op::Unary{Kind::kRelu}, op::Unary{Kind::kRelu6}, op::Unary{Kind::kLeakyRelu, 0.2},
        op::Unary{Kind::kHardswish}, op::Unary{Kind::kHardsigmoid}, op::Unary{Kind::kSilu},
        op::Unary{Kind::kGelu}, op::Unary{Kind::kGeluTanh}, op::Unary{Kind::kSigmoid},
        op::Unary{Kind::kTanh}, op::Unary{Kind::kElu, 0.7}, op::Unary{Kind::kClamp, -0.5, 0.25}}) {
    SCOPED_TRACE(OpName(Op(activation)));
    for (const Dims& rows : {Dims{5}, Dims{2, 5}}) {
      KernelCase test = MakeCase(rows, 64, 40);
      test.post_ops = {activation};
      ExpectPortable(test);
    }
  }
}

TEST_F(LinearTest, ResidualsAreAddedInOrder) {
  for (const std::vector<PostOp>& chain :
       {std::vector<PostOp>{AddInput{3}},
        {AddInput{3}, op::Unary{Kind::kRelu}},
        {op::Unary{Kind::kGelu}, AddInput{3}, op::Unary{Kind::kTanh}, AddInput{4}}}) {
    for (const Dims& rows : {Dims{5}, Dims{40}, Dims{2, 5}}) {
      KernelCase test = MakeCase(rows, 48, 40);
      test.inputs.emplace_back(Tensor(test.output, Lies::kRowMajor, 4));
      test.inputs.emplace_back(Tensor(test.output, Lies::kRowMajor, 5));
      test.post_ops = chain;
      ExpectPortable(test);
    }
  }
}

// oneDNN has no row code for them: the plan makes them dense.
TEST_F(LinearTest, RowsWithRoomBetweenThemAreLeft) {
  KernelCase test = MakeCase({40}, 48, 40);
  test.inputs[0] = Tensor({40, 48}, Lies::kRowMajorInGap);
  EXPECT_FALSE(RunKernel(*OneDnn(), test).has_value());
}

TEST_F(LinearTest, ARowGivesTheSameBytesInAnyBatch) {
  for (const auto& [depth, outputs] : kSizes) {
    SCOPED_TRACE(fmt::format("{} to {}", depth, outputs));
    KernelCase test = MakeCase({70}, depth, outputs);
    test.inputs.emplace_back(Tensor(test.output, Lies::kRowMajor, 4));
    test.post_ops = {AddInput{3}, op::Unary{Kind::kGelu}};
    ExpectRowsAlone(*OneDnn(), test, {0, 3});
  }
  ExpectRowsAlone(*OneDnn(), MakeCase({33, 7}, 64, 48), {0});
}

TEST_F(LinearTest, SmallOnesAreLeft) {
  const auto provider = MakeOneDnnProvider();
  ASSERT_TRUE(provider.ok());
  for (const std::int64_t rows : {1, 64}) {
    EXPECT_FALSE(RunKernel(**provider, MakeCase({rows}, 784, 300)).has_value());
    EXPECT_TRUE(RunKernel(**provider, MakeCase({rows}, 2048, 300)).has_value());
  }
}

TEST_F(LinearTest, MoreThreadsGiveTheSameBytesInAnyBatch) {
  const auto two = MakeOneDnnProvider({.threads = 2, .small_linear_bytes = 0});
  ASSERT_TRUE(two.ok());
  ExpectRowsAlone(**two, MakeCase({33}, 2048, 100), {0});
  ExpectRowsAlone(**two, MakeCase({8, 7}, 2048, 48), {0});
}

}  // namespace
}  // namespace fedge::testing
