// What a TorchScript module may be made of: each kind is trained and its update looked at.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learn_test_support.h"

namespace fedge {
namespace {

using ::testing::DoubleEq;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LinearModule;
using testing::MakeLearner;
using testing::MustTrain;
using ::testing::Not;
using testing::RandomClasses;
using testing::Regression;
using testing::ScriptModule;
using testing::ScriptTensor;
using testing::TestModel;
using testing::TrainError;

const TrainConfig kOneStep{.epochs = 1, .batch_size = 0, .learning_rate = 0.5};

// A model w1 * w2 * x with one number as its input.
ScriptModule Product(ScriptTensor first, ScriptTensor second) {
  return {.tensors = {std::move(first), std::move(second)},
          .source = "def forward(self, x: Tensor) -> Tensor:\n  return x * self.w1 * self.w2\n"};
}

TEST(ModelKindsTest, TiedParametersAreOneParameter) {
  // (1 * w * w - 0)^2 at w = 2: the slope is 4 w^3 = 32, once.
  const TestModel model(Product({.name = "w1", .shape = {1}, .values = {2}},
                                {.name = "w2", .shape = {1}, .values = {}, .same_as = "w1"}));
  ASSERT_EQ(model.archive().storages().size(), 1U);
  const auto learner = MakeLearner(Regression({{1}}, {0}));
  EXPECT_THAT(model.Values("w1", MustTrain(*learner, model, kOneStep).update),
              ElementsAre(DoubleEq(-16)));
  TrainConfig adam{.epochs = 1, .batch_size = 0, .optimizer = "adam", .learning_rate = 0.5};
  // Adam's first step is the learning rate: two of them would be made if the two were two.
  EXPECT_NEAR(model.Values("w1", MustTrain(*learner, model, adam).update).front(), -0.5, 1e-6);
}

TEST(ModelKindsTest, FrozenParametersStay) {
  const TestModel model(Product({.name = "w1", .shape = {1}, .values = {2}, .frozen = true},
                                {.name = "w2", .shape = {1}, .values = {3}}));
  const auto learner = MakeLearner(Regression({{1}}, {0}));
  const Learned learned = MustTrain(*learner, model, kOneStep);
  EXPECT_THAT(model.Values("w2", learned.update), ElementsAre(DoubleEq(-0.5 * 2 * 6 * 2)));
  ASSERT_EQ(model.manifest().entries.size(), 1U);
  // The frozen value of another model of the structure is taken on all the same.
  const TestModel other(Product({.name = "w1", .shape = {1}, .values = {1}, .frozen = true},
                                {.name = "w2", .shape = {1}, .values = {3}}));
  ASSERT_EQ(other.manifest().structure, model.manifest().structure);
  EXPECT_THAT(other.Values("w2", MustTrain(*learner, other, kOneStep).update),
              ElementsAre(DoubleEq(-0.5 * 2 * 3)));
}

TEST(ModelKindsTest, Float64IsTrainedAsFloat64) {
  const TestModel model(LinearModule(1, 1, DType::kFloat64));
  const auto learner = MakeLearner(Regression({{1}}, {1.0F / 3}));
  // w = -1/4, b = 1/2: the error is 1/4 - float(1/3).
  const double error = 0.25 - static_cast<double>(1.0F / 3);
  EXPECT_THAT(model.Values("bias", MustTrain(*learner, model, kOneStep).update),
              ElementsAre(::testing::DoubleNear(-error, 1e-16)));
}

TEST(ModelKindsTest, BFloat16AndFloat16AreTrainedAsSuch) {
  for (const DType dtype : {DType::kBFloat16, DType::kFloat16}) {
    const TestModel model(LinearModule(1, 1, dtype));
    const auto learner = MakeLearner(Regression({{1}}, {1}));
    // The error is 1/4 - 1 and the slope twice that: exact in either type.
    EXPECT_THAT(model.Values("bias", MustTrain(*learner, model, kOneStep).update),
                ElementsAre(0.75))
        << DTypeName(dtype);
    EXPECT_THAT(model.Values("weight", MustTrain(*learner, model, kOneStep).update),
                ElementsAre(0.75));
  }
}

ScriptModule BatchNorm(const std::string& count) {
  return {
      .tensors =
          {{.name = "weight", .shape = {1}, .values = {1}},
           {.name = "mean", .shape = {1}, .values = {0}, .buffer = true},
           {.name = "variance", .shape = {1}, .values = {1}, .buffer = true},
           {.name = "count", .shape = {}, .values = {5}, .dtype = DType::kInt64, .buffer = true}},
      .source = "def forward(self, x: Tensor) -> Tensor:\n  if self.training:\n    " + count +
                "\n  return torch.batch_norm(x, self.weight, None, self.mean, self.variance, "
                "self.training, 0.25, "
                "1e-05, True)\n"};
}

TEST(ModelKindsTest, BatchNormStatisticsAndCounterAreInTheUpdate) {
  for (const char* const count : {"self.count.add_(1)", "self.count = torch.add(self.count, 1)"}) {
    const TestModel model(BatchNorm(count));
    const auto learner = MakeLearner(Regression({{1}, {3}, {5}, {7}}, {0, 0, 0, 0}));
    const TrainConfig config{.epochs = 1, .batch_size = 0, .learning_rate = 0};
    for (int again = 0; again < 2; ++again) {
      const Learned learned = MustTrain(*learner, model, config);
      EXPECT_THAT(model.Values("mean", learned.update), ElementsAre(DoubleEq(0.25 * 4))) << count;
      // Running variance is unbiased: (9 + 1 + 1 + 9) / 3.
      EXPECT_NEAR(model.Values("variance", learned.update).front(), 0.25 * (20.0 / 3 - 1), 1e-6);
      EXPECT_THAT(model.Values("count", learned.update), ElementsAre(6));
    }
  }
}

TEST(ModelKindsTest, OwnTrainingStepIsUsedUnlessALossIsNamed) {
  ScriptModule module = LinearModule(1, 1);
  module.source +=
      "def training_step(self, x: Tensor, y: Tensor) -> Tensor:\n  return torch.sum(self.bias) * "
      "3.\n";
  const TestModel model(module);
  const auto dataset = Regression({{1}}, {1});
  EXPECT_THAT(model.Values("bias", MustTrain(*MakeLearner(dataset), model, kOneStep).update),
              ElementsAre(-1.5));
  EXPECT_THAT(model.Values("bias", MustTrain(*MakeLearner(dataset, "mse"), model, kOneStep).update),
              ElementsAre(0.75));
}

TEST(ModelKindsTest, OwnTrainingStepOverClassesStillHasAccuracy) {
  ScriptModule module = LinearModule(12, 4);
  module.source +=
      "def training_step(self, x: Tensor, y: Tensor) -> Tensor:\n"
      "  return torch.cross_entropy_loss(self.forward(x), y)\n";
  const auto dataset = RandomClasses({12}, 4, 64);
  const TrainResult own = MustTrain(*MakeLearner(dataset), TestModel(module), kOneStep).result;
  const TrainResult named =
      MustTrain(*MakeLearner(dataset), TestModel(LinearModule(12, 4)), kOneStep).result;
  EXPECT_EQ(own.after.accuracy, named.after.accuracy);
  EXPECT_EQ(own.after.loss, named.after.loss);
}

TEST(ModelKindsTest, FirstTensorOfATupleIsTheOutput) {
  ScriptModule module = LinearModule(1, 1);
  module.source =
      "def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:\n"
      "  return torch.linear(x, self.weight, self.bias), x\n";
  const auto learner = MakeLearner(Regression({{1}}, {1}));
  EXPECT_THAT(
      TestModel(module).Values("bias", MustTrain(*learner, TestModel(module), kOneStep).update),
      ElementsAre(0.75));
}

TEST(ModelKindsTest, AttributesThatForwardChangesDoNotReachTheNextTraining) {
  ScriptModule module = LinearModule(1, 1);
  module.integers = {{"calls", 0}};
  module.source =
      "def forward(self, x: Tensor) -> Tensor:\n"
      "  self.calls += 1\n"
      "  return torch.linear(x, self.weight, self.bias) * self.calls\n";
  const TestModel model(module);
  const auto learner = MakeLearner(Regression({{1}}, {1}));
  const Learned first = MustTrain(*learner, model, kOneStep);
  EXPECT_EQ(MustTrain(*learner, model, kOneStep).update, first.update);
}

TEST(ModelKindsTest, IntegerBufferThatChangesIsRefused) {
  ScriptModule module = LinearModule(1, 1);
  module.tensors.push_back(
      {.name = "table", .shape = {2}, .values = {1, 2}, .dtype = DType::kInt64, .buffer = true});
  module.source =
      "def forward(self, x: Tensor) -> Tensor:\n"
      "  self.table.add_(1)\n"
      "  return torch.linear(x, self.weight, self.bias)\n";
  const auto learner = MakeLearner(Regression({{1}}, {1}));
  EXPECT_EQ(TrainError(*learner, TestModel(module), kOneStep).message(),
            "training changed 'table', which is int64 and can't be averaged");
}

TEST(ModelKindsTest, ShapesThatDoNotFitAreNamed) {
  ScriptModule module = LinearModule(3, 4);
  const auto dataset = RandomClasses({12}, 4, 8);
  const Status from_torch = TrainError(*MakeLearner(dataset), TestModel(module), kOneStep);
  EXPECT_EQ(from_torch.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(from_torch.message(),
            "the model with data 'random' of examples [12]: mat1 and mat2 shapes cannot be "
            "multiplied (8x12 and 3x4)");
  module.schema = ModelSchema{
      .architecture = "", .loss = "", .inputs = {{.name = "x", .shape = {-1, 3}}}, .outputs = {}};
  EXPECT_EQ(TrainError(*MakeLearner(dataset), TestModel(module), kOneStep).message(),
            "the model takes 'x' [N, 3], but the data 'random' have examples [N, 12]");
  module.schema->inputs[0].dtype = DType::kInt64;
  EXPECT_EQ(TrainError(*MakeLearner(dataset), TestModel(module), kOneStep).message(),
            "the model takes 'x' as int64, but the data 'random' are numbers");
}

TEST(ModelKindsTest, ExamplesTakeTheShapeOfTheSchema) {
  ScriptModule module = LinearModule(12, 4);
  module.schema = ModelSchema{.architecture = "",
                              .loss = "cross-entropy",
                              .inputs = {{.name = "x", .shape = {-1, 12}}},
                              .outputs = {}};
  const TestModel model(module);
  const Learned image = MustTrain(*MakeLearner(RandomClasses({1, 3, 4}, 4, 20)), model, kOneStep);
  EXPECT_EQ(image.update,
            MustTrain(*MakeLearner(RandomClasses({12}, 4, 20)), model, kOneStep).update);
  EXPECT_THAT(image.update, Not(Each(std::byte{0})));
}

TEST(ModelKindsTest, TooFewClassesAreNamed) {
  EXPECT_THAT(TrainError(*MakeLearner(RandomClasses({12}, 10, 40)), TestModel(LinearModule(12, 4)),
                         kOneStep)
                  .message(),
              HasSubstr("the model scores 4 classes, the data have 10"));
}

TEST(ModelKindsTest, MethodsThatCanNotBeCalledAreNamed) {
  ScriptModule module = LinearModule(1, 1);
  module.source =
      "def forward(self, x: Tensor, z: Tensor) -> Tensor:\n  return x * z * self.weight * "
      "self.bias\n";
  const auto learner = MakeLearner(Regression({{1}}, {1}));
  EXPECT_EQ(TrainError(*learner, TestModel(module), kOneStep).message(),
            "the model's 'forward' can't be called with one input");
  module.source = "def forward(self, x: Tensor) -> int:\n  return x.dim()\n";
  EXPECT_THAT(TrainError(*learner, TestModel(module), kOneStep).message(),
              HasSubstr("forward gives a Int"));
  module.source = "def encode(self, x: Tensor) -> int:\n  return x.dim()\n";
  EXPECT_EQ(TrainError(*learner, TestModel(module), kOneStep).message(),
            "the model has no method 'forward'");
}

}  // namespace
}  // namespace fedge
