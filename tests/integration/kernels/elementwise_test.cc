#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel_case.h"

namespace fedge::testing {
namespace {

using UnaryKind = op::Unary::Kind;
using BinaryKind = op::Binary::Kind;
using ::testing::HasSubstr;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct UnaryCase {
  op::Unary op;
  std::string aten;
  std::vector<CaseArgument> more = {};
  bool positive = false;  // the function has no value for others
};

// What every function must get right next to ordinary numbers.
HostTensor WithSpecials(Dims dims, bool positive) {
  HostTensor x = RandomTensor(std::move(dims));
  for (double& value : x.values) value = positive ? std::abs(value) + 0.01 : value * 3;
  const std::vector<double> specials = {0, -0.0, kInfinity, kNan, 0.5, 2.5, 6, 3, 1e-4, 25};
  std::copy(specials.begin(), specials.end(), x.values.begin() + 7);
  if (!positive) x.values[3] = -kInfinity;
  if (!positive) x.values[4] = -2.5;
  return x;
}

class UnaryTest : public ::testing::TestWithParam<UnaryCase> {};

TEST_P(UnaryTest, MatchesLibTorch) {
  const UnaryCase& unary = GetParam();
  KernelCase test{unary.op, {WithSpecials({3, 5, 4, 7}, unary.positive)}, unary.aten, {Input{0}}};
  if (unary.aten == "aten::gelu") {  // LibTorch's gelu of infinity depends on the CPU
    for (double& value : test.inputs[0]->values) value = std::clamp(value, -100.0, 100.0);
  }
  test.arguments.insert(test.arguments.end(), unary.more.begin(), unary.more.end());
  test.batched = {0};
  test.tolerance = 3e-7;
  Check(test);
}

INSTANTIATE_TEST_SUITE_P(
    All, UnaryTest,
    ::testing::Values(
        UnaryCase{{UnaryKind::kRelu}, "aten::relu"}, UnaryCase{{UnaryKind::kRelu6}, "aten::relu6"},
        UnaryCase{{UnaryKind::kLeakyRelu, 0.01}, "aten::leaky_relu", {0.01}},
        UnaryCase{{UnaryKind::kHardswish}, "aten::hardswish"},
        UnaryCase{{UnaryKind::kHardsigmoid}, "aten::hardsigmoid"},
        UnaryCase{{UnaryKind::kSilu}, "aten::silu"},
        UnaryCase{{UnaryKind::kGelu}, "aten::gelu", {"none"}},
        UnaryCase{{UnaryKind::kGeluTanh}, "aten::gelu", {"tanh"}},
        UnaryCase{{UnaryKind::kSigmoid}, "aten::sigmoid"},
        UnaryCase{{UnaryKind::kTanh}, "aten::tanh"},
        UnaryCase{{UnaryKind::kElu, 0.7}, "aten::elu", {0.7}},
        UnaryCase{{UnaryKind::kSoftplus, 2, 5}, "aten::softplus", {2.0, 5.0}},
        UnaryCase{{UnaryKind::kClamp, -1, 0.75}, "aten::clamp", {-1.0, 0.75}},
        UnaryCase{{UnaryKind::kClamp, -kInfinity, 0.5}, "aten::clamp", {None{}, 0.5}},
        UnaryCase{{UnaryKind::kClamp, 2, 1}, "aten::clamp", {2.0, 1.0}},
        UnaryCase{{UnaryKind::kClamp, kNan, 1}, "aten::clamp", {kNan, 1.0}},
        UnaryCase{{UnaryKind::kNeg}, "aten::neg"}, UnaryCase{{UnaryKind::kAbs}, "aten::abs"},
        UnaryCase{{UnaryKind::kExp}, "aten::exp", {}, true},
        UnaryCase{{UnaryKind::kLog}, "aten::log", {}, true},
        UnaryCase{{UnaryKind::kSqrt}, "aten::sqrt", {}, true},
        UnaryCase{{UnaryKind::kRsqrt}, "aten::rsqrt", {}, true},
        UnaryCase{{UnaryKind::kReciprocal}, "aten::reciprocal"},
        UnaryCase{{UnaryKind::kErf}, "aten::erf"}, UnaryCase{{UnaryKind::kFloor}, "aten::floor"},
        UnaryCase{{UnaryKind::kRound}, "aten::round"}),
    [](const auto& test) {
      return std::string(OpName(test.param.op)) + "_" + std::to_string(test.index);
    });

TEST(UnaryTest, SmallNumbersKeepTheirDigits) {
  for (const auto& [kind, aten] :
       {std::pair(UnaryKind::kTanh, "aten::tanh"), std::pair(UnaryKind::kErf, "aten::erf"),
        std::pair(UnaryKind::kGelu, "aten::gelu"), std::pair(UnaryKind::kExp, "aten::exp")}) {
    HostTensor x = RandomTensor({1000});
    for (std::size_t i = 0; i < x.values.size(); ++i) {
      x.values[i] = std::pow(10.0, -static_cast<double>(i % 37)) * (i % 2 == 0 ? 1 : -1);
    }
    KernelCase test{op::Unary{kind}, {x}, aten, {Input{0}}};
    const std::vector<HostTensor> expected = CallAten(aten, {Rounded(x, DType::kFloat32)});
    const auto actual =
        RunKernel(test, expected, Strides::kRowMajor, Strides::kRowMajor, false).value();
    for (std::size_t i = 0; i < x.values.size(); ++i) {
      EXPECT_NEAR(actual[0].values[i], expected[0].values[i],
                  1e-6 * std::abs(expected[0].values[i]) + 1e-40)
          << aten << " of " << x.values[i];
    }
  }
}

TEST(UnaryTest, ExponentialsReachZeroAndInfinity) {
  HostTensor x{DType::kFloat32, {9}, {-kInfinity, -200, -104, -100, -88, 88, 88.7, 89, kInfinity}};
  const std::vector<HostTensor> expected = CallAten("aten::exp", {x});
  const auto actual = RunKernel({op::Unary{UnaryKind::kExp}, {x}, "", {}}, expected,
                                Strides::kRowMajor, Strides::kRowMajor, false)
                          .value();
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const double e = expected[0].values[i];
    EXPECT_TRUE(actual[0].values[i] == e || std::abs(actual[0].values[i] / e - 1) < 1e-4)
        << x.values[i] << ": " << actual[0].values[i] << " and not " << e;
  }
}

TEST(UnaryTest, Integers) {
  for (const DType dtype : {DType::kInt64, DType::kInt32, DType::kInt16, DType::kInt8}) {
    const HostTensor x = RandomTensor({3, 4, 5}, dtype);
    Check({op::Unary{UnaryKind::kRelu}, {x}, "aten::relu", {Input{0}}});
    Check({op::Unary{UnaryKind::kNeg}, {x}, "aten::neg", {Input{0}}});
    Check({op::Unary{UnaryKind::kAbs}, {x}, "aten::abs", {Input{0}}});
    Check({op::Unary{UnaryKind::kClamp, -2, 3},
           {x},
           "aten::clamp",
           {Input{0}, std::int64_t{-2}, std::int64_t{3}}});
  }
  Check({op::Unary{UnaryKind::kNot},
         {RandomTensor({3, 4, 5}, DType::kBool)},
         "aten::logical_not",
         {Input{0}}});
}

struct BinaryCase {
  BinaryKind kind;
  std::string aten;
};

class BinaryTest : public ::testing::TestWithParam<BinaryCase> {};

TEST_P(BinaryTest, MatchesLibTorchWithBroadcasts) {
  const auto& [kind, aten] = GetParam();
  const std::vector<std::pair<Dims, Dims>> shapes = {{{2, 3, 4, 5}, {2, 3, 4, 5}},
                                                     {{2, 3, 4, 5}, {3, 1, 1}},
                                                     {{2, 3, 4, 5}, {}},
                                                     {{2, 1, 4, 1}, {1, 3, 1, 5}},
                                                     {{5}, {4, 5}},
                                                     {{2, 300}, {2, 300}}};
  for (const auto& [a, b] : shapes) {
    HostTensor first = RandomTensor(a), second = RandomTensor(b, DType::kFloat32, 2);
    if (kind == BinaryKind::kPow) {
      for (double& value : first.values) value = std::abs(value);
    }
    Check({op::Binary{kind}, {first, second}, aten, {Input{0}, Input{1}}});
  }
}

TEST_P(BinaryTest, KnowsWhatNaNAndEqualNumbersGive) {
  const auto& [kind, aten] = GetParam();
  const std::vector<double> numbers = {kNan, 1, 2, kInfinity, -kInfinity, 0, -1};
  HostTensor a{DType::kFloat32, {7, 7}, {}}, b = a;
  for (const double x : numbers) {
    for (const double y : numbers) {
      a.values.push_back(x);
      b.values.push_back(y);
    }
  }
  KernelCase test{op::Binary{kind}, {a, b}, aten, {Input{0}, Input{1}}};
  test.dtypes = {DType::kFloat32, DType::kFloat64};
  Check(test);
}

TEST_P(BinaryTest, Integers) {
  const auto& [kind, aten] = GetParam();
  if (kind == BinaryKind::kDiv) return;
  for (const DType dtype : {DType::kInt64, DType::kInt32, DType::kInt8, DType::kUInt8}) {
    HostTensor a = RandomTensor({3, 4}, dtype), b = RandomTensor({4}, dtype, 2);
    if (kind == BinaryKind::kPow) {
      for (double& value : b.values) value = std::abs(value);
    }
    Check({op::Binary{kind}, {a, b}, aten, {Input{0}, Input{1}}});
  }
}

INSTANTIATE_TEST_SUITE_P(All, BinaryTest,
                         ::testing::Values(BinaryCase{BinaryKind::kAdd, "aten::add.Tensor"},
                                           BinaryCase{BinaryKind::kSub, "aten::sub.Tensor"},
                                           BinaryCase{BinaryKind::kMul, "aten::mul.Tensor"},
                                           BinaryCase{BinaryKind::kDiv, "aten::div.Tensor"},
                                           BinaryCase{BinaryKind::kMin, "aten::minimum"},
                                           BinaryCase{BinaryKind::kMax, "aten::maximum"},
                                           BinaryCase{BinaryKind::kPow, "aten::pow.Tensor_Tensor"},
                                           BinaryCase{BinaryKind::kEq, "aten::eq.Tensor"},
                                           BinaryCase{BinaryKind::kNe, "aten::ne.Tensor"},
                                           BinaryCase{BinaryKind::kLt, "aten::lt.Tensor"},
                                           BinaryCase{BinaryKind::kLe, "aten::le.Tensor"},
                                           BinaryCase{BinaryKind::kGt, "aten::gt.Tensor"},
                                           BinaryCase{BinaryKind::kGe, "aten::ge.Tensor"}),
                         [](const auto& test) {
                           return std::string(OpName(op::Binary{test.param.kind}));
                         });

TEST(BinaryTest, Logic) {
  const HostTensor a = RandomTensor({6, 5}, DType::kBool), b = RandomTensor({5}, DType::kBool, 2);
  Check({op::Binary{BinaryKind::kAnd}, {a, b}, "aten::logical_and", {Input{0}, Input{1}}});
  Check({op::Binary{BinaryKind::kOr}, {a, b}, "aten::logical_or", {Input{0}, Input{1}}});
}

TEST(BinaryTest, IntegersAreDividedRoundingDownAndNotByZero) {
  HostTensor a = RandomTensor({50}, DType::kInt64), b = RandomTensor({50}, DType::kInt64, 2);
  for (double& value : b.values) value = value == 0 ? 3 : value;
  const KernelCase test{
      op::Binary{BinaryKind::kDiv}, {a, b}, "aten::floor_divide", {Input{0}, Input{1}}};
  Check(test);
  KernelCase undefined = test;
  undefined.inputs[1]->values[17] = 0;
  const auto result = RunKernel(undefined, {{DType::kInt64, {50}, {}}}, Strides::kRowMajor,
                                Strides::kRowMajor, false);
  EXPECT_EQ(result.status().code(), StatusCode::kOutOfRange);
}

TEST(WhereTest, Broadcasts) {
  const HostTensor condition = RandomTensor({4, 1}, DType::kBool);
  Check({op::Where{},
         {condition, RandomTensor({3, 4, 5}), RandomTensor({5}, DType::kFloat32, 2)},
         "aten::where.self",
         {Input{0}, Input{1}, Input{2}}});
  Check({op::Where{},
         {condition, RandomTensor({3, 4, 5}, DType::kInt32), RandomTensor({}, DType::kInt32, 2)},
         "aten::where.self",
         {Input{0}, Input{1}, Input{2}}});
}

TEST(CastTest, RoundsAsLibTorchDoes) {
  const std::vector<DType> all = {
      DType::kFloat64, DType::kFloat32, DType::kFloat16, DType::kBFloat16, DType::kInt64,
      DType::kInt32,   DType::kInt16,   DType::kInt8,    DType::kUInt8,    DType::kBool};
  for (const DType from : all) {
    HostTensor x = RandomTensor({4, 5, 20}, from);
    for (double& value : x.values) value *= from == DType::kBool ? 1 : 7;
    if (from == DType::kFloat32) x.values[0] = 65519.996;
    x = Rounded(x, from);
    for (const DType to : all) {
      if (to == DType::kUInt8 && from != DType::kBool) {  // negative numbers have no defined result
        for (double& value : x.values) value = std::abs(value);
      }
      const HostTensor expected =
          Rounded(CallAten(fmt::format("aten::{}", IsFloatingPoint(from) && !IsFloatingPoint(to) &&
                                                           to != DType::kBool
                                                       ? "trunc"
                                                       : "clone"),
                           {x})[0],
                  to);
      const auto actual = RunKernel({op::Cast{}, {x}, "", {}}, {expected}, Strides::kView,
                                    Strides::kReversed, false)
                              .value();
      EXPECT_EQ(actual[0].values, expected.values) << DTypeName(from) << " to " << DTypeName(to);
    }
  }
}

TEST(CastTest, LargeIntegersAreRoundedOnce) {
  // 2^53 + 1 as a sum of halves would go wrong through double.
  HostTensor x{DType::kInt64, {2}, {0x1p60, -0x1.000001p40}};
  const auto actual = RunKernel({op::Cast{}, {x}, "", {}}, {{DType::kFloat32, {2}, {}}},
                                Strides::kRowMajor, Strides::kRowMajor, false)
                          .value();
  EXPECT_EQ(actual[0].values,
            CallAten("aten::add.Scalar", {Rounded(x, DType::kFloat32), std::int64_t{0}})[0].values);
}

TEST(FillTest, FillsEveryDType) {
  for (const DType dtype : {DType::kFloat32, DType::kBFloat16, DType::kInt64, DType::kBool}) {
    const auto actual = RunKernel({op::Fill{1}, {}, "", {}}, {{dtype, {2, 3, 4}, {}}},
                                  Strides::kRowMajor, Strides::kView, false)
                            .value();
    EXPECT_EQ(actual[0].values, std::vector<double>(24, 1));
  }
}

}  // namespace
}  // namespace fedge::testing
