#include "fedge/learn/learner.h"

#include <cmath>
#include <stop_token>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learn_test_support.h"

namespace fedge {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::FirstIndices;
using ::testing::HasSubstr;
using testing::LinearModule;
using testing::MakeLearner;
using testing::MustTrain;
using ::testing::Pointwise;
using testing::RandomClasses;
using testing::Regression;
using testing::ScriptModule;
using testing::TestModel;
using testing::TrainError;

TrainConfig FullBatch(std::uint32_t epochs, double learning_rate) {
  return {.epochs = epochs, .batch_size = 0, .learning_rate = learning_rate};
}

// The data of the tests with numbers: y = w . x + b with four points.
const std::vector<std::vector<float>> kRows = {{1, 2}, {-1, 0.5}, {0, 3}, {2, -2}};
const std::vector<float> kTargets = {3, -1, 0.5, 2};

struct Line {
  std::vector<double> w;
  double b;
};

// One step of gradient descent on the mean squared error, by hand.
Line Step(Line line, const TrainConfig& config, const Line& anchor, Line& velocity) {
  Line gradient{{0, 0}, 0};
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    double error = line.b - static_cast<double>(kTargets[i]);
    for (std::size_t j = 0; j < 2; ++j) error += line.w[j] * static_cast<double>(kRows[i][j]);
    for (std::size_t j = 0; j < 2; ++j)
      gradient.w[j] += 2 * error * static_cast<double>(kRows[i][j]) / 4;
    gradient.b += 2 * error / 4;
  }
  const auto update = [&](double& value, double slope, double start, double& speed) {
    slope += config.prox_mu * (value - start) + config.weight_decay * value;
    speed = config.momentum * speed + slope;
    value -= config.learning_rate * speed;
  };
  for (std::size_t j = 0; j < 2; ++j) update(line.w[j], gradient.w[j], anchor.w[j], velocity.w[j]);
  update(line.b, gradient.b, anchor.b, velocity.b);
  return line;
}

void ExpectGradientDescent(const TrainConfig& config) {
  const TestModel model(LinearModule(2, 1, DType::kFloat64));
  const auto learner = MakeLearner(Regression(kRows, kTargets));
  const Learned learned = MustTrain(*learner, model, config);
  const Line start{model.Values("weight"), model.Values("bias").front()};
  Line line = start;
  Line velocity{{0, 0}, 0};
  for (std::uint32_t i = 0; i < config.epochs; ++i) line = Step(line, config, start, velocity);
  const std::vector<double> delta = {line.w[0] - start.w[0], line.w[1] - start.w[1]};
  EXPECT_THAT(model.Values("weight", learned.update), Pointwise(DoubleNear(1e-12), delta));
  EXPECT_THAT(model.Values("bias", learned.update),
              ElementsAre(DoubleNear(line.b - start.b, 1e-12)));
  EXPECT_EQ(learned.result.num_steps, config.epochs);
  EXPECT_EQ(learned.result.num_examples, 4U);
}

TEST(LearnerTest, DescendsTheGradient) { ExpectGradientDescent(FullBatch(5, 0.1)); }

TEST(LearnerTest, AppliesMomentumAndWeightDecay) {
  TrainConfig config = FullBatch(6, 0.05);
  config.momentum = 0.9;
  config.weight_decay = 0.01;
  ExpectGradientDescent(config);
}

TEST(LearnerTest, PullsTowardsTheGlobalModelWithAProximalTerm) {
  TrainConfig config = FullBatch(6, 0.05);
  config.prox_mu = 0.7;
  ExpectGradientDescent(config);
}

TEST(LearnerTest, MeasuresBeforeAndAfterTraining) {
  const TestModel model(LinearModule(2, 1, DType::kFloat64));
  const auto learner = MakeLearner(Regression(kRows, kTargets));
  const TrainResult result = MustTrain(*learner, model, FullBatch(20, 0.1)).result;
  // Errors of w = (-1/4, -1/8), b = 1/2 on the four points: -3, 1.6875, -0.375, -1.75.
  EXPECT_NEAR(result.before.loss, (9 + 2.84765625 + 0.140625 + 3.0625) / 4, 1e-12);
  EXPECT_LT(result.after.loss, result.before.loss / 2);
  EXPECT_EQ(result.after.num_examples, 4U);
  EXPECT_TRUE(std::isnan(result.after.accuracy));
}

TEST(LearnerTest, ZeroEpochsGiveAZeroUpdate) {
  const TestModel model(LinearModule(2, 1));
  const auto learner = MakeLearner(Regression(kRows, kTargets));
  const Learned learned = MustTrain(*learner, model, FullBatch(0, 0.1));
  EXPECT_THAT(learned.update, Each(std::byte{0}));
  EXPECT_EQ(learned.result.num_steps, 0U);
  EXPECT_EQ(learned.result.before.loss, learned.result.after.loss);
}

TEST(LearnerTest, LearnsClasses) {
  const TestModel model(LinearModule(12, 4));
  const auto learner = MakeLearner(RandomClasses({3, 4}, 4, 200));
  ScriptModule flat = LinearModule(12, 4);
  flat.source =
      "def forward(self, x: Tensor) -> Tensor:\n"
      "  return torch.linear(torch.flatten(x, 1), self.weight, self.bias)\n";
  const TrainResult result =
      MustTrain(*learner, TestModel(flat), {.epochs = 30, .batch_size = 16, .learning_rate = 0.2})
          .result;
  EXPECT_LT(result.before.accuracy, 0.5);
  // The classes overlap: the best linear rule, the largest sum over a class's three features, is
  // right seven times in ten.
  EXPECT_GT(result.after.accuracy, 0.6);
  EXPECT_EQ(result.num_steps, 30U * 13U);
}

TEST(LearnerTest, EachEpochSeesEveryExampleOnceInAnotherOrder) {
  const auto dataset = Regression({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, {1, 2, 3});
  // `trail` becomes a number whose decimal digits are the targets in the order in which they came.
  const TestModel model(ScriptModule{
      .tensors =
          {{.name = "w", .shape = {1}, .values = {0}},
           {.name = "seen", .shape = {3}, .values = {0, 0, 0}, .buffer = true},
           {.name = "trail", .shape = {}, .values = {0}, .dtype = DType::kFloat64, .buffer = true},
           {.name = "steps", .shape = {}, .values = {7}, .dtype = DType::kInt64, .buffer = true}},
      .source = "def training_step(self, x: Tensor, y: Tensor) -> Tensor:\n"
                "  if self.training:\n"
                "    self.seen.add_(torch.sum(x, [0]))\n"
                "    self.steps.add_(1)\n"
                "    for i in range(y.size(0)):\n"
                "      self.trail.mul_(10.).add_(y[i])\n"
                "  return torch.sum(self.w)\n"});
  const auto learner = MakeLearner(dataset);
  TrainConfig config{.epochs = 4, .batch_size = 2, .learning_rate = 0};
  const Learned learned = MustTrain(*learner, model, config);
  EXPECT_THAT(model.Values("seen", learned.update), Each(4.0));
  EXPECT_THAT(model.Values("steps", learned.update),
              ElementsAre(7.0 + 4 * 2));  // two batches: 2 + 1 examples
  const double trail = model.Values("trail", learned.update).front();
  const double first_epoch = std::floor(trail / 1e9);
  EXPECT_NE(trail, first_epoch * 1001001001) << "four times the same order";
  EXPECT_EQ(MustTrain(*learner, model, config).update, learned.update);
  EXPECT_NE(MustTrain(*learner, model, config, /*seed=*/2).update, learned.update);
}

TEST(LearnerTest, ReportsALossThatIsNotFinite) {
  const auto learner = MakeLearner(Regression({{1e20F}, {1}}, {0, 0}));
  ScriptModule module = LinearModule(1, 1);
  module.tensors[0].values = {1e20};
  const Status status =
      TrainError(*learner, TestModel(module), {.epochs = 1, .batch_size = 0, .learning_rate = 0.5});
  EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
  EXPECT_EQ(status.message(), "the loss is infinity in epoch 1, batch 1 (learning rate 0.5)");
}

TEST(LearnerTest, ReportsWeightsThatAreNotFinite) {
  const auto learner = MakeLearner(Regression({{1e10F}}, {0}));
  const TestModel model(LinearModule(1, 1));
  const Status status =
      TrainError(*learner, model, {.epochs = 1, .batch_size = 0, .learning_rate = 1e30});
  EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
  EXPECT_EQ(status.message(), "'weight' has values that are not finite after training");
}

TEST(LearnerTest, StopsBetweenBatchesAndCanBeUsedAgain) {
  const TestModel model(LinearModule(2, 1));
  const auto learner = MakeLearner(Regression(kRows, kTargets));
  const Learned learned = MustTrain(*learner, model, FullBatch(2, 0.1));
  std::stop_source stopped;
  stopped.request_stop();
  const std::vector<std::uint32_t> examples = FirstIndices(4);
  const auto result = learner->Train(
      model.view(), {.config = FullBatch(2, 0.1), .seed = 1, .examples = examples, .measured = {}},
      stopped.get_token());
  EXPECT_EQ(result.status().code(), StatusCode::kCancelled);
  EXPECT_EQ(learner->Evaluate(model.view(), examples, stopped.get_token()).status().code(),
            StatusCode::kCancelled);
  EXPECT_EQ(MustTrain(*learner, model, FullBatch(2, 0.1)).update, learned.update);
}

TEST(LearnerTest, EvaluatesInBatchesOfAnySizeAlike) {
  const auto dataset = RandomClasses({12}, 4, 101);
  const TestModel model(LinearModule(12, 4));
  const std::vector<std::uint32_t> examples = FirstIndices(101);
  const Metrics whole =
      Learner::Create({.dataset = dataset}).value()->Evaluate(model.view(), examples, {}).value();
  const Metrics parts = Learner::Create({.dataset = dataset, .evaluation_batch_size = 7})
                            .value()
                            ->Evaluate(model.view(), examples, {})
                            .value();
  EXPECT_EQ(whole.num_examples, 101U);
  EXPECT_EQ(whole.accuracy, parts.accuracy);
  EXPECT_NEAR(whole.loss, parts.loss, 1e-6);
  const Metrics nothing =
      Learner::Create({.dataset = dataset}).value()->Evaluate(model.view(), {}, {}).value();
  EXPECT_FALSE(nothing.measured());
}

TEST(LearnerTest, RefusesOptionsThatCanNotBe) {
  const auto dataset = Regression(kRows, kTargets);
  EXPECT_EQ(Learner::Create({.dataset = dataset, .loss = "hinge"}).status().message(),
            "unknown loss 'hinge'; known: cross-entropy, nll, bce, mse, l1");
  EXPECT_EQ(Learner::Create({.dataset = dataset, .device = "tpu"}).status().message(),
            "unknown device 'tpu'; known: cpu, cuda, cuda:N");
  EXPECT_EQ(Learner::Create({.dataset = dataset, .device = "cuda:"}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Learner::Create({.dataset = dataset, .device = "cuda:4096"}).status().code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(Learner::Create({.dataset = dataset, .threads = 0}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(LearnerTest, RefusesConfigurationsThatCanNotBe) {
  const TestModel model(LinearModule(2, 1));
  const auto learner = MakeLearner(Regression(kRows, kTargets));
  TrainConfig config = FullBatch(1, 0.1);
  config.optimizer = "lion";
  EXPECT_EQ(TrainError(*learner, model, config).message(),
            "unknown optimizer 'lion'; known: sgd, adam");
  config = FullBatch(1, -1);
  EXPECT_THAT(TrainError(*learner, model, config).message(), HasSubstr("learning rate is -1"));
  const auto none = learner->Train(
      model.view(), {.config = FullBatch(1, 0.1), .seed = 1, .examples = {}, .measured = {}}, {});
  EXPECT_EQ(none.status().code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace fedge
