// Where tensors lie: what a plan looks at, copies, and makes in place.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "byte_layers.h"
#include "engine_fixture.h"
#include "fedge/engine/plan.h"

namespace fedge {
namespace {

using ::fedge::testing::ProgramBuilder;
using ::fedge::testing::TestModel;
using internal::Layout;
using internal::Memory;
using internal::PlannedView;

const Dim kN(0, 1);

class LayoutTest : public ::testing::Test {
 protected:
  void Plan(std::int64_t batch = 2, ModelOptions options = {}) {
    model_ = std::make_unique<TestModel>(builder_, std::move(options));
    ASSERT_NE(model_->get(), nullptr);
    auto plan = (*model_)->PlanFor(batch);
    ASSERT_TRUE(plan.ok()) << plan.status().ToString();
    plan_ = *plan;
  }
  const PlannedView& Input(std::size_t step, std::size_t k) const {
    return plan_->views[plan_->steps[step].first_view + k];
  }
  const PlannedView& Output(std::size_t step) const {
    return Input(step, plan_->steps[step].num_inputs);
  }

  ProgramBuilder builder_;
  std::unique_ptr<TestModel> model_;
  std::shared_ptr<const internal::Plan> plan_;
};

TEST_F(LayoutTest, ConvolutionsWriteChannelsLast) {
  ValueId x = builder_.Input("x", {kN, 3, 8, 8});
  x = builder_.Conv(builder_.Conv(x, 4, 3), 5, 3);
  builder_.Output("y", builder_.Add(op::Reduce{op::Reduce::Kind::kMean, {2, 3}}, {x}));
  Plan();
  ASSERT_EQ(plan_->steps.size(), 3u);
  EXPECT_EQ(Input(0, 0).memory, Memory::kInput);
  EXPECT_TRUE(IsDense(Output(0).region, Layout::kChannelsLast));
  EXPECT_TRUE(IsDense(Output(1).region, Layout::kChannelsLast));
  EXPECT_EQ(Output(2).memory, Memory::kOutput);
}

TEST_F(LayoutTest, ConvolutionsOfBytesWriteBytesChannelsLast) {
  ValueId x = builder_.Add(op::Quantize{0.01F, 128}, {builder_.Input("x", {kN, 3, 8, 8})});
  x = builder_.Add(op::Pad{op::Pad::Mode::kConstant, {0, 0, 1, 1}, {0, 0, 1, 1}}, {x});
  const ValueId left = testing::AddQuantConv(builder_, x, 4, 3);
  const ValueId right = testing::AddQuantConv(builder_, left, 4, 3);
  x = builder_.Add(op::QuantAdd{0.5F, 0.5F, 0}, {left, right});
  builder_.Output("y", builder_.Add(op::Dequantize{0.1F, 0}, {x}));
  Plan();
  // The padding became the convolution's, and the sum is made where an addend lies.
  ASSERT_EQ(plan_->steps.size(), 5u);
  for (std::size_t step = 0; step < 4; ++step) {
    EXPECT_EQ(Output(step).dtype, DType::kUInt8);
    EXPECT_TRUE(IsDense(Output(step).region, Layout::kChannelsLast));
  }
  EXPECT_EQ(Output(3).offset, Input(3, 0).offset);
}

TEST_F(LayoutTest, WhatLeavesIsMadeInTheCallersBuffer) {
  const ValueId x = builder_.Input("x", {kN, 3, 8, 8});
  builder_.Output("y", builder_.Conv(x, 4, 3));
  Plan();
  ASSERT_EQ(plan_->steps.size(), 1u);
  EXPECT_EQ(Output(0).memory, Memory::kOutput);
  EXPECT_TRUE(IsDense(Output(0).region, Layout::kRowMajor));
  EXPECT_EQ(plan_->arena_bytes, plan_->steps[0].scratch_bytes);
}

TEST_F(LayoutTest, PartsOfAConcatAreMadeInTheirPlaces) {
  const ValueId x = builder_.Input("x", {kN, 3, 8, 8});
  const ValueId left = builder_.Conv(x, 4, 3);
  const ValueId right = builder_.Conv(x, 2, 1);
  const ValueId joined = builder_.Add(op::Concat{1}, {left, right});
  builder_.Output("y", builder_.Add(op::Reduce{op::Reduce::Kind::kMean, {2, 3}}, {joined}));
  Plan();
  ASSERT_EQ(plan_->steps.size(), 3u);
  EXPECT_EQ(Output(0).offset, Input(2, 0).offset);
  EXPECT_EQ(Output(1).offset, Input(2, 0).offset + 4 * 4);
  EXPECT_EQ(Output(1).region.strides, Input(2, 0).region.strides);
}

TEST_F(LayoutTest, LookingElsewhereTakesNoStep) {
  const ValueId x = builder_.Input("x", {kN, 6, 4});
  ValueId y = builder_.Add(op::Permute{{0, 2, 1}}, {x});
  y = builder_.AddShaped(op::Slice{2, 1, 2}, y, {kN, 4, 2});
  y = builder_.AddShaped(op::Expand{}, builder_.AddShaped(op::Reshape{}, y, {kN, 4, 2, 1}),
                         {kN, 4, 2, 3});
  builder_.Output("y", builder_.Relu(y));
  Plan();
  ASSERT_EQ(plan_->steps.size(), 1u);
  EXPECT_EQ(Input(0, 0).region.strides, (Dims{24, 1, 8, 0}));
  EXPECT_EQ(Input(0, 0).region.offset, 4);
  EXPECT_EQ(plan_->arena_bytes, 0u);
}

TEST_F(LayoutTest, WhatDiesIsOverwritten) {
  ValueId x = builder_.Input("x", {kN, 64});
  for (int i = 0; i < 4; ++i) x = builder_.Add(op::Unary{op::Unary::Kind::kTanh}, {x});
  const ValueId sum = builder_.Sum(x, builder_.Add(op::Unary{op::Unary::Kind::kNeg}, {x}));
  builder_.Output("y", builder_.Add(op::Softmax{1}, {sum}));
  Plan(1);
  // x, and -x while x lives.
  EXPECT_EQ(plan_->arena_bytes, 2 * 64 * sizeof(float));
}

TEST_F(LayoutTest, AViewOfWhatIsReadIsNotOverwritten) {
  ValueId x = builder_.Input("x", {4, 4});
  x = builder_.Relu(x);
  const ValueId sum = builder_.Sum(x, builder_.Add(op::Permute{{1, 0}}, {x}));
  builder_.Output("y", builder_.Add(op::Softmax{1}, {sum}));
  Plan(1);
  EXPECT_NE(Output(1).offset, Input(1, 0).offset);
}

TEST_F(LayoutTest, AFlattenedImageIsNotMoved) {
  ValueId x = builder_.Input("x", {kN, 3, 4, 4});
  x = builder_.AddShaped(op::Reshape{}, builder_.Conv(x, 2, 3), {kN, 32});
  builder_.Output("y", builder_.Add(op::Linear{}, {x, builder_.Random({5, 32}), kAbsent}));
  Plan();
  EXPECT_EQ(plan_->steps.size(), 2u);
  Plan(2, {.disabled_passes = {"fold_flatten"}});
  EXPECT_EQ(plan_->steps.size(), 3u);
}

TEST_F(LayoutTest, OutputsThatAreInputsOrConstantsAreCopied) {
  const ValueId x = builder_.Input("x", {kN, 3});
  builder_.Output("x", x);
  builder_.Output("c", builder_.Constant({2}, std::vector<float>{1, 2}));
  builder_.Output("again", x);
  Plan(1);
  EXPECT_EQ(plan_->steps.size(), 3u);
  const auto outputs = RunModel(*model_, 1, {std::vector<std::byte>(12, std::byte{1})});
  EXPECT_EQ(outputs[0], std::vector<std::byte>(12, std::byte{1}));
  EXPECT_EQ(testing::Floats(outputs[1]), (std::vector<float>{1, 2}));
  EXPECT_EQ(outputs[2], outputs[0]);
}

}  // namespace
}  // namespace fedge
