#include <limits>

#include <gtest/gtest.h>

#include "kernel_case.h"

namespace fedge::testing {
namespace {

using Ints = std::vector<std::int64_t>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(LinearTest, AnyNumberOfLeadingDimensions) {
  for (const Dims& dims : {Dims{7}, Dims{5, 7}, Dims{3, 2, 7}, Dims{2, 3, 4, 7}, Dims{200, 7}}) {
    for (const std::int64_t outputs : {1, 10, 33, 100}) {
      KernelCase test{op::Linear{},
                      {RandomTensor(dims), RandomTensor({outputs, 7}, DType::kFloat32, 2),
                       RandomTensor({outputs}, DType::kFloat32, 3)},
                      "aten::linear",
                      {Input{0}, Input{1}, Input{2}}};
      test.constants = {1, 2};
      if (dims.size() > 1 && dims[0] < 10) test.batched = {0};
      Check(test);
      test.inputs[2].reset();
      test.arguments[2] = None{};
      Check(test);
    }
  }
}

TEST(LinearTest, HalfWeightsOfAFloatLayer) {
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16}) {
    KernelCase test{
        op::Linear{},
        {RandomTensor({3, 40}), RandomTensor({50, 40}, dtype, 2), RandomTensor({50}, dtype, 3)},
        "",
        {}};
    test.constants = {1, 2};
    const std::vector<HostTensor> expected =
        CallAten("aten::linear", {*test.inputs[0], Rounded(*test.inputs[1], DType::kFloat32),
                                  Rounded(*test.inputs[2], DType::kFloat32)});
    const auto actual =
        RunKernel(test, expected, Strides::kRowMajor, Strides::kRowMajor, true).value();
    for (std::size_t i = 0; i < 150; ++i) {
      EXPECT_NEAR(actual[0].values[i], expected[0].values[i], 1e-4);
    }
  }
}

TEST(LinearTest, PostOps) {
  KernelCase test{op::Linear{},
                  {RandomTensor({5, 20}), RandomTensor({35, 20}, DType::kFloat32, 2), std::nullopt,
                   RandomTensor({5, 35}, DType::kFloat32, 4)},
                  "",
                  {}};
  test.constants = {1};
  test.post_ops = {op::Unary{op::Unary::Kind::kGelu}, AddInput{3}};
  const HostTensor sums = CallAten("aten::linear", {*test.inputs[0], *test.inputs[1]})[0];
  const std::vector<HostTensor> expected =
      CallAten("aten::add.Tensor", {CallAten("aten::gelu", {sums})[0], *test.inputs[3]});
  for (const Strides strides : {Strides::kRowMajor, Strides::kView, Strides::kReversed}) {
    const auto actual = RunKernel(test, expected, strides, strides, true).value();
    for (std::size_t i = 0; i < expected[0].values.size(); ++i) {
      EXPECT_NEAR(actual[0].values[i], expected[0].values[i], 1e-4);
    }
  }
}

TEST(MatMulTest, BroadcastsLeadingDimensions) {
  const std::vector<std::pair<Dims, Dims>> shapes = {
      {{5, 7}, {7, 20}},         {{3, 5, 7}, {7, 40}},      {{3, 5, 7}, {3, 7, 4}},
      {{5, 7}, {3, 7, 4}},       {{2, 1, 5, 7}, {3, 7, 4}}, {{2, 3, 100, 7}, {2, 1, 7, 33}},
      {{1, 5, 7}, {1, 1, 7, 2}}, {{2, 3, 4, 300}, {300, 9}}};
  for (const auto& [a, b] : shapes) {
    KernelCase test{op::MatMul{},
                    {RandomTensor(a), RandomTensor(b, DType::kFloat32, 2)},
                    "aten::matmul",
                    {Input{0}, Input{1}}};
    test.constants = {1};
    Check(test);
  }
}

TEST(MatMulTest, ARowOfTheBatchAlone) {
  KernelCase test{op::MatMul{},
                  {RandomTensor({3, 5, 70}), RandomTensor({3, 70, 20})},
                  "aten::matmul",
                  {Input{0}, Input{1}}};
  test.batched = {0, 1};
  Check(test);
}

struct AttentionCase {
  Dims query, key, value;
  std::optional<HostTensor> mask = {};
  bool causal = false;
};

void CheckAttention(const AttentionCase& attention) {
  const double scale = 0.3;
  KernelCase test{
      op::Attention{scale, attention.causal},
      {RandomTensor(attention.query), RandomTensor(attention.key, DType::kFloat32, 2),
       RandomTensor(attention.value, DType::kFloat32, 3), attention.mask},
      "aten::scaled_dot_product_attention",
      {Input{0}, Input{1}, Input{2}, attention.mask ? CaseArgument(Input{3}) : CaseArgument(None{}),
       0.0, attention.causal, scale}};
  const bool batched = attention.key[0] == attention.query[0] && !attention.mask;
  if (batched) test.batched = {0, 1, 2};
  Check(test);
}

TEST(AttentionTest, ShapesAndCausality) {
  for (const bool causal : {false, true}) {
    CheckAttention({{2, 3, 7, 8}, {2, 3, 7, 8}, {2, 3, 7, 8}, {}, causal});
    CheckAttention({{2, 3, 5, 8}, {2, 3, 9, 8}, {2, 3, 9, 20}, {}, causal});
    CheckAttention({{2, 3, 9, 8}, {2, 3, 5, 8}, {2, 3, 5, 4}, {}, causal});
    CheckAttention({{2, 130, 40}, {2, 130, 40}, {2, 130, 40}, {}, causal});
    CheckAttention({{6, 5}, {7, 5}, {7, 5}, {}, causal});
  }
}

TEST(AttentionTest, Masks) {
  const Dims shape = {2, 3, 6, 8};
  for (const Dims& mask : {Dims{6, 6}, Dims{2, 1, 1, 6}, Dims{2, 3, 6, 6}, Dims{1, 6}}) {
    HostTensor keep = RandomTensor(mask, DType::kBool);
    for (std::size_t i = 0; i < keep.values.size(); i += 6) keep.values[i] = 1;
    CheckAttention({shape, shape, shape, keep});
    CheckAttention({shape, shape, shape, RandomTensor(mask)});
  }
}

TEST(AttentionTest, AQueryThatSeesNothingGetsZeros) {
  const Dims shape = {2, 3, 6, 8};
  HostTensor keep = RandomTensor({6, 6}, DType::kBool);
  std::fill_n(keep.values.begin() + 12, 6, 0);
  CheckAttention({shape, shape, shape, keep});
  HostTensor add = RandomTensor({6, 6});
  std::fill_n(add.values.begin() + 12, 6, -kInfinity);
  add.values[3] = -kInfinity;
  CheckAttention({shape, shape, shape, add});
}

KernelCase RecurrentCase(op::Recurrent::Kind kind, bool bias) {
  const bool lstm = kind == op::Recurrent::Kind::kLstm;
  const std::int64_t batch = 3, steps = 37, inputs = 5, hidden = 11,
                     gates = (lstm ? 4 : 3) * hidden;
  const auto tensor = [](Dims dims, std::uint64_t seed) {
    return RandomTensor(std::move(dims), DType::kFloat32, seed);
  };
  KernelCase test{
      op::Recurrent{kind},
      {tensor({batch, steps, inputs}, 1), tensor({batch, hidden}, 2), std::nullopt,
       tensor({gates, inputs}, 4), tensor({gates, hidden}, 5), std::nullopt, std::nullopt},
      lstm ? "aten::lstm.input" : "aten::gru.input",
      {}};
  if (lstm) test.inputs[2] = tensor({batch, hidden}, 3);
  std::vector<Input> weights = {{3}, {4}};
  if (bias) {
    test.inputs[5] = tensor({gates}, 6);
    test.inputs[6] = tensor({gates}, 7);
    weights.insert(weights.end(), {{5}, {6}});
  }
  const Input h0{1, Dims{1, batch, hidden}};
  const CaseArgument state =
      lstm ? CaseArgument(Inputs{{h0, Input{2, Dims{1, batch, hidden}}}}) : CaseArgument(h0);
  test.arguments = {Input{0}, state, Inputs{weights}, bias, std::int64_t{1},
                    0.0,      false, false,           true};
  test.output_dims = {{batch, steps, hidden}, {batch, hidden}};
  if (lstm) test.output_dims.push_back({batch, hidden});
  test.constants = {3, 4, 5, 6};
  test.batched = lstm ? std::vector<std::size_t>{0, 1, 2} : std::vector<std::size_t>{0, 1};
  return test;
}

TEST(RecurrentTest, LstmAndGru) {
  for (const auto kind : {op::Recurrent::Kind::kLstm, op::Recurrent::Kind::kGru}) {
    for (const bool bias : {true, false}) Check(RecurrentCase(kind, bias));
  }
}

TEST(RecurrentTest, BackwardsIsForwardsOverFlippedSteps) {
  for (const auto kind : {op::Recurrent::Kind::kLstm, op::Recurrent::Kind::kGru}) {
    KernelCase forwards = RecurrentCase(kind, true);
    std::vector<HostTensor> types;
    for (const Dims& dims : forwards.output_dims) types.push_back({DType::kFloat32, dims, {}});
    KernelCase backwards = forwards;
    std::get<op::Recurrent>(backwards.op).reverse = true;
    forwards.inputs[0] = CallAten("aten::flip", {*forwards.inputs[0], Ints{1}})[0];
    const auto run = [&](const KernelCase& test) {
      return RunKernel(test, types, Strides::kRowMajor, Strides::kRowMajor, true).value();
    };
    const std::vector<HostTensor> expected = run(forwards), actual = run(backwards);
    EXPECT_EQ(actual[0].values, CallAten("aten::flip", {expected[0], Ints{1}})[0].values);
    EXPECT_EQ(actual[1].values, expected[1].values);
  }
}

}  // namespace
}  // namespace fedge::testing
