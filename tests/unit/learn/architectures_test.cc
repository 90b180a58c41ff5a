#include "fedge/learn/architectures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learn_test_support.h"

namespace fedge {
namespace {

using ::testing::HasSubstr;
using testing::MakeLearner;
using testing::MemoryDataset;
using testing::MustTrain;
using testing::RandomClasses;
using testing::TestModel;

const TrainConfig kTwoSteps{.epochs = 2, .batch_size = 0, .learning_rate = 0.05};

struct Published {
  std::string name;
  std::uint64_t num_parameters;

  friend void PrintTo(const Published& self, std::ostream* out) { *out << self.name; }
};

class ArchitectureTest : public ::testing::TestWithParam<Published> {};

TEST_P(ArchitectureTest, HasThePublishedNumberOfParameters) {
  const TestModel model(NewModel(GetParam().name, 1).value());
  EXPECT_EQ(model.manifest().num_parameters, GetParam().num_parameters);
  EXPECT_TRUE(model.archive().Verify().ok());
  const ModelSchema schema = ReadSchema(model.archive()).value().value();
  EXPECT_EQ(schema.architecture, GetParam().name);
  EXPECT_EQ(schema.loss, "cross-entropy");
  EXPECT_EQ(schema.outputs.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, ArchitectureTest,
    ::testing::Values(Published{"2nn", 199210},
                      Published{"cnn", 1663370},  // McMahan et al. 2017, section 3
                      Published{"lenet5", 431080}, Published{"lenet300", 266610},
                      // He et al.'s 0.27 M, and 2,752 for two projections with batch norm.
                      Published{"resnet20", 269722 + 2752},
                      Published{"char-lstm:90",
                                90 * 8 + 4 * 256 * (8 + 256 + 2 + 512 + 2) + 257 * 90},
                      Published{"char-lstm", 90 * 8 + 4 * 256 * (8 + 256 + 2 + 512 + 2) + 257 * 90},
                      Published{"mlp:64,32,10", 2410}),
    [](const auto& test) {
      std::string name = test.param.name;
      for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
      return name;
    });

TEST(ArchitecturesTest, MnistModelsTakeImagesAndRows) {
  for (const char* const name : {"2nn", "cnn", "lenet5", "lenet300"}) {
    const TestModel model(NewModel(name, 1).value());
    const Learned images =
        MustTrain(*MakeLearner(RandomClasses({1, 28, 28}, 10, 6)), model, kTwoSteps);
    EXPECT_LT(images.result.after.loss, images.result.before.loss) << name;
    EXPECT_EQ(MustTrain(*MakeLearner(RandomClasses({784}, 10, 6)), model, kTwoSteps).update,
              images.update)
        << name;
  }
}

TEST(ArchitecturesTest, Resnet20Learns) {
  const TestModel model(NewModel("resnet20", 1).value());
  const Learned learned =
      MustTrain(*MakeLearner(RandomClasses({3, 32, 32}, 10, 4)), model, kTwoSteps);
  EXPECT_EQ(model.Values("stage3_block3.bn2.num_batches_tracked", learned.update).front(), 2.0);
  EXPECT_NE(model.Values("stage2_block1.bn3.running_mean", learned.update).front(), 0.0);
  EXPECT_NE(model.Values("conv1.weight", learned.update).front(), 0.0);
}

TEST(ArchitecturesTest, CharLstmLearnsToContinueSequences) {
  const auto dataset = std::make_shared<MemoryDataset>();
  dataset->description = {.name = "text",
                          .feature_shape = {6},
                          .feature_type = data::FeatureType::kToken,
                          .target_type = data::TargetType::kSequence,
                          .target_shape = {6},
                          .num_classes = 5,
                          .class_names = {}};
  for (std::int64_t i = 0; i < 24; ++i) dataset->tokens.push_back(i % 5);
  for (std::int64_t i = 0; i < 24; ++i) dataset->classes.push_back((i + 1) % 5);
  const TestModel model(NewModel("char-lstm:5", 1).value());
  const auto learner = MakeLearner(dataset);
  const TrainResult result =
      MustTrain(*learner, model,
                {.epochs = 25, .batch_size = 2, .optimizer = "adam", .learning_rate = 0.01})
          .result;
  EXPECT_NEAR(result.before.loss, 1.6, 0.1);  // about ln 5
  EXPECT_EQ(result.before.num_examples, 4U);
  EXPECT_EQ(result.after.accuracy, 1.0);
}

TEST(ArchitecturesTest, WeightsComeFromTheSeedAlone) {
  const std::string first = NewModel("mlp:8,4", 7).value();
  EXPECT_EQ(NewModel("mlp:8,4", 7).value(), first);
  EXPECT_NE(NewModel("mlp:8,4", 8).value(), first);
  for (const double weight : TestModel(first).Values("fc1.weight"))
    EXPECT_LE(std::abs(weight), 1 / std::sqrt(8.0));
}

TEST(ArchitecturesTest, OldWeightsAreNotInTheWayOfNewOnes) {
  const auto learner = MakeLearner(RandomClasses({12}, 4, 20));
  const TestModel first(NewModel("mlp:12,4", 1).value());
  const TestModel second(NewModel("mlp:12,4", 2).value());
  const std::vector<std::byte> update = MustTrain(*learner, second, kTwoSteps).update;
  static_cast<void>(MustTrain(*learner, first, kTwoSteps));
  EXPECT_EQ(MustTrain(*learner, second, kTwoSteps).update, update);
}

TEST(ArchitecturesTest, WrongNamesAreAnsweredWithWhatThereIs) {
  EXPECT_EQ(NewModel("vgg", 1).status().message(),
            "unknown architecture 'vgg'; known: 2nn, cnn, lenet5, lenet300, resnet20, "
            "char-lstm:VOCABULARY, "
            "mlp:IN,...,OUT");
  EXPECT_EQ(NewModel("cnn:3", 1).status().message(), "architecture 'cnn:3': it takes no sizes");
  EXPECT_EQ(
      NewModel("mlp:64", 1).status().message(),
      "architecture 'mlp:64': it needs the sizes of its input and output at least: mlp:64,10");
  EXPECT_THAT(NewModel("char-lstm:9,9", 1).status().message(), HasSubstr("char-lstm:90"));
  for (const char* const name : {"mlp:64,x", "mlp:64,,10", "mlp:64,10,", "mlp:0,10", "mlp:-1,10",
                                 "mlp:99999999999999999999,1"}) {
    EXPECT_EQ(NewModel(name, 1).status().code(), StatusCode::kInvalidArgument) << name;
  }
}

}  // namespace
}  // namespace fedge
