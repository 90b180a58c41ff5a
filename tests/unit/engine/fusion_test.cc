// Each pass changes how a graph is computed, never what: networks give the same answers with any
// pass switched off.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine_fixture.h"

namespace fedge {
namespace {

using ::fedge::testing::AllPassNames;
using ::fedge::testing::Buffers;
using ::fedge::testing::ExpectNear;
using ::fedge::testing::ProgramBuilder;
using ::fedge::testing::RandomInputs;
using ::fedge::testing::TestModel;

using op::Binary;
using op::Unary;

const Dim kN(0, 1);

ValueId Mul(ProgramBuilder& b, ValueId x, ValueId y) {
  return b.Add(Binary{Binary::Kind::kMul}, {x, y});
}

// conv, batch norm, relu; a residual block with a downsampled branch; pool, flatten, linear.
void ResNet(ProgramBuilder& b) {
  ValueId x = b.Input("x", {kN, 3, 12, 12});
  x = b.Relu(b.BatchNorm(b.Conv(x, 8, 3)));
  ValueId y = b.Relu(b.BatchNorm(b.Conv(x, 16, 3, {.stride = {2, 2}})));
  y = b.BatchNorm(b.Conv(y, 16, 3));
  const ValueId shortcut = b.BatchNorm(b.Conv(x, 16, 1, {.stride = {2, 2}}));
  x = b.Relu(b.Sum(y, shortcut));
  y = b.BatchNorm(b.Conv(x, 16, 3));
  x = b.Relu(b.Sum(x, y));
  x = b.AddShaped(op::AdaptivePool{}, x, {kN, 16, 1, 1});
  x = b.AddShaped(op::Reshape{}, x, {kN, 16});
  b.Output("logits", b.Add(op::Linear{}, {x, b.Random({10, 16}), b.Random({10})}));
}

// Convolutions with pools, flattened where the order of elements matters.
void LeNet(ProgramBuilder& b) {
  ValueId x = b.Input("x", {kN, 1, 12, 12});
  const op::Pool pool{.kernel = {2, 2}, .stride = {2, 2}};
  x = b.Add(pool, {b.Relu(b.Conv(x, 6, 3))});
  x = b.Add(pool, {b.Add(Unary{Unary::Kind::kTanh}, {b.Conv(x, 4, 5)})});
  x = b.AddShaped(op::Reshape{}, x, {kN, 36});
  x = b.Relu(b.Add(op::Linear{}, {x, b.Random({7, 36}), kAbsent}));
  x = b.Sum(b.Add(op::Linear{}, {x, b.Random({5, 7}), kAbsent}), b.Random({5}));
  b.Output("y", b.Add(op::Softmax{1}, {x}));
}

// Squeeze and excite, activations spelled out, a padded convolution, a bias that is added.
void MobileNet(ProgramBuilder& b) {
  ValueId x = b.Input("x", {kN, 4, 9, 9});
  const ValueId three = b.Constant({}, std::vector<float>{3});
  const ValueId six = b.Constant({}, std::vector<float>{6});
  x = b.Add(op::Pad{op::Pad::Mode::kConstant, {0, 0, 1, 0}, {0, 0, 0, 1}}, {x});
  x = b.Sum(b.Conv(x, 8, 3), b.Random({8, 1, 1}));
  ValueId gate = b.Add(Unary{Unary::Kind::kClamp, 0, 6}, {b.Sum(x, three)});
  x = Mul(b, x, b.Add(Binary{Binary::Kind::kDiv}, {gate, six}));
  x = b.BatchNorm(b.Conv(x, 8, 3, {.groups = 8}));
  x = Mul(b, x, b.Add(Unary{Unary::Kind::kSigmoid}, {x}));
  gate = b.Add(op::Reduce{op::Reduce::Kind::kMean, {2, 3}, true}, {x});
  gate = b.Add(Unary{Unary::Kind::kHardsigmoid}, {b.Conv(gate, 8, 1)});
  x = b.Conv(Mul(b, x, gate), 6, 1);
  b.Output("features", b.Add(Unary{Unary::Kind::kClamp, 0, 1e30}, {x}));
}

// Concatenations of concatenations, channel shuffle, slices.
void Branches(ProgramBuilder& b) {
  const ValueId x = b.Input("x", {kN, 4, 6, 6});
  const ValueId left = b.Relu(b.Conv(x, 4, 1));
  const ValueId right = b.Conv(x, 2, 3);
  const ValueId both = b.Add(op::Concat{1}, {left, right, right});
  ValueId y = b.Add(op::Concat{1}, {both, b.Conv(x, 4, 3)});  // 12 channels
  y = b.AddShaped(op::Reshape{}, y, {kN, 2, 6, 6, 6});
  y = b.Add(op::Permute{{0, 2, 1, 3, 4}}, {y});
  y = b.AddShaped(op::Reshape{}, y, {kN, 12, 6, 6});
  y = b.Conv(y, 8, 3, {.groups = 4});
  const ValueId first = b.AddShaped(op::Slice{1, 0, 1}, y, {kN, 4, 6, 6});
  const ValueId second = b.AddShaped(op::Slice{1, 4, 1}, y, {kN, 4, 6, 6});
  b.Output("sum", b.Sum(first, b.Add(Unary{Unary::Kind::kSigmoid}, {second})));
  b.Output("first", first);
  b.Output("x", x);
  b.Output("again", first);
}

// Projections by matmul, heads, a constant that is computed, layer norm.
void Transformer(ProgramBuilder& b) {
  const ValueId x = b.Input("x", {kN, 5, 8});
  const auto project = [&](ValueId from) {
    const ValueId y = b.Sum(b.Add(op::MatMul{}, {from, b.Random({8, 8})}), b.Random({8}));
    return b.Add(op::Permute{{0, 2, 1, 3}}, {b.AddShaped(op::Reshape{}, y, {kN, 5, 2, 4})});
  };
  ValueId y = b.Add(op::Attention{0.5}, {project(x), project(x), project(x), kAbsent});
  y = b.AddShaped(op::Reshape{}, b.Add(op::Permute{{0, 2, 1, 3}}, {y}), {kN, 5, 8});
  const ValueId position = b.Add(Unary{Unary::Kind::kTanh}, {b.Random({5, 8})});
  y = b.Sum(b.Sum(y, position), x);
  y = b.Add(op::LayerNorm{1}, {y, b.Random({8}), b.Random({8})});
  y = b.Sum(
      y, b.Add(op::Linear{}, {b.Add(Unary{Unary::Kind::kGelu}, {y}), b.Random({8, 8}), kAbsent}));
  b.Output("y", b.AddShaped(op::Slice{1, 0, 1}, y, {kN, 1, 8}));
}

// A batch norm behind a linear layer and behind a transposed convolution in groups.
void Norms(ProgramBuilder& b) {
  ValueId x = b.Input("x", {kN, 4, 3, 3});
  const ValueId weight = b.Random({4, 3, 2, 2});
  x = b.Add(op::Conv{.stride = {2, 2}, .groups = 2, .transposed = true},
            {x, weight, b.Random({6})});
  x = b.BatchNorm(x);
  x = b.AddShaped(op::Reshape{}, x, {kN, 216});
  x = b.BatchNorm(b.Add(op::Linear{}, {x, b.Random({9, 216}), b.Random({9})}));
  b.Output("y", x);
}

// The state begins as zeros that grow with the batch.
void Recurrent(ProgramBuilder& b) {
  const ValueId x = b.Input("x", {kN, 4, 3});
  const ValueId zeros = b.Add(op::Fill{0}, {}, {{DType::kFloat32, {kN, 5}}});
  const auto y = b.AddAll(op::Recurrent{}, {x, zeros, zeros, b.Random({20, 3}), b.Random({20, 5}),
                                            b.Random({20}), kAbsent});
  b.Output("y", y[0]);
  b.Output("h", b.Relu(y[1]));
}

const std::map<std::string, std::function<void(ProgramBuilder&)>>& Networks() {
  static const std::map<std::string, std::function<void(ProgramBuilder&)>> networks = {
      {"ResNet", ResNet},       {"LeNet", LeNet}, {"MobileNet", MobileNet},
      {"Branches", Branches},   {"Norms", Norms}, {"Transformer", Transformer},
      {"Recurrent", Recurrent},
  };
  return networks;
}

class FusionTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { Networks().at(GetParam())(builder_); }
  ProgramBuilder builder_;
};

TEST_P(FusionTest, PassesChangeNoAnswer) {
  const TestModel plain(builder_, {.disabled_passes = AllPassNames()});
  ASSERT_NE(plain.get(), nullptr);
  const Buffers inputs = RandomInputs(*plain.get(), 3);
  const Buffers expected = RunModel(plain, 3, inputs);
  const TestModel full(builder_);
  ASSERT_NE(full.get(), nullptr);
  ExpectNear(RunModel(full, 3, inputs), expected);
  for (const std::string& name : AllPassNames()) {
    SCOPED_TRACE("without " + name);
    ExpectNear(RunModel(TestModel(builder_, {.disabled_passes = {name}}), 3, inputs), expected);
    SCOPED_TRACE("only " + name);
    auto others = AllPassNames();
    std::erase(others, name);
    ExpectNear(RunModel(TestModel(builder_, {.disabled_passes = others}), 3, inputs), expected);
  }
}

TEST_P(FusionTest, ARowIsTheSameAloneAndInAnyBatch) {
  const TestModel model(builder_);
  ASSERT_NE(model.get(), nullptr);
  constexpr std::int64_t kBatch = 5;
  const Buffers inputs = RandomInputs(*model.get(), kBatch);
  const Buffers together = RunModel(model, kBatch, inputs);
  const auto row = [](const std::vector<std::byte>& all, std::size_t i) {
    const auto size = static_cast<std::ptrdiff_t>(all.size() / kBatch);
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i) * size;
    return std::vector<std::byte>(begin, begin + size);
  };
  for (std::size_t i = 0; i < kBatch; ++i) {
    const Buffers alone = RunModel(model, 1, {row(inputs[0], i)});
    for (std::size_t k = 0; k < alone.size(); ++k) {
      EXPECT_EQ(alone[k], row(together[k], i)) << "row " << i << " of output " << k;
    }
  }
}

TEST_P(FusionTest, ComputesInHalfTypes) {
  const TestModel full(builder_);
  ASSERT_NE(full.get(), nullptr);
  const Buffers inputs = RandomInputs(*full.get(), 2);
  const Buffers expected = RunModel(full, 2, inputs);
  for (const ComputeType type : {ComputeType::kBFloat16, ComputeType::kFloat16}) {
    SCOPED_TRACE(ComputeTypeName(type));
    const TestModel half(builder_, {.compute = type});
    ASSERT_NE(half.get(), nullptr);
    ExpectNear(RunModel(half, 2, inputs), expected, type == ComputeType::kFloat16 ? 2e-2F : 1e-1F);
  }
}

std::string NameOf(const ::testing::TestParamInfo<std::string>& info) { return info.param; }
std::vector<std::string> NetworkNames() {
  std::vector<std::string> names;
  for (const auto& [name, make] : Networks()) names.push_back(name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Networks, FusionTest, ::testing::ValuesIn(NetworkNames()), NameOf);

struct Expectation {
  std::string network;
  std::size_t num_nodes;
};

TEST(FusionCountTest, WhatCanBeFusedIs) {
  const std::vector<Expectation> expectations = {
      // 5 convolutions, pool, reshape, linear.
      {"ResNet", 8},
      // 2 convolutions and pools, permute, reshape, 2 linear layers, softmax.
      {"LeNet", 9},
      // 4 convolutions with their activations, mean, product.
      {"MobileNet", 6},
      // convolution, permute, reshape, linear.
      {"Norms", 4},
  };
  for (const Expectation& expected : expectations) {
    ProgramBuilder builder;
    Networks().at(expected.network)(builder);
    const TestModel model(builder);
    ASSERT_NE(model.get(), nullptr);
    EXPECT_EQ(model->statistics().num_nodes, expected.num_nodes) << expected.network;
  }
}

}  // namespace
}  // namespace fedge
