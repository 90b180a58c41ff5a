// A data set fed to a model, and how often that is right.
#include "fedge/compress_eval/evaluation.h"

#include <cmath>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/common/hash.h"
#include "fedge/compress_eval/data_source.h"
#include "fedge/compress_eval/predictions.h"

namespace fedge {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SampleTensor Scores(Dims shape, const std::vector<float>& numbers) {
  SampleTensor tensor{
      .name = "scores", .dtype = DType::kFloat32, .shape = std::move(shape), .data = {}};
  tensor.data.resize(numbers.size() * sizeof(float));
  std::memcpy(tensor.data.data(), numbers.data(), tensor.data.size());
  return tensor;
}

TEST(ChosenClassesTest, TheFirstOfTheLargest) {
  EXPECT_THAT(ChosenClasses(Scores({3, 3}, {1, 2, 3, 5, 5, 4, -1, -2, -1})).value(),
              ElementsAre(2, 0, 0));
}

TEST(ChosenClassesTest, EachPositionOfASequence) {
  EXPECT_THAT(ChosenClasses(Scores({1, 2, 2}, {0, 1, 1, 0})).value(), ElementsAre(1, 0));
}

TEST(ChosenClassesTest, OneScoreIsForTheSecondClass) {
  EXPECT_THAT(ChosenClasses(Scores({3}, {-1, 0, 2})).value(), ElementsAre(0, 0, 1));
  EXPECT_THAT(ChosenClasses(Scores({2, 1}, {-1, 2})).value(), ElementsAre(0, 1));
}

TEST(ChosenClassesTest, NanIsNeverChosen) {
  const float nan = std::nanf("");
  EXPECT_THAT(ChosenClasses(Scores({3, 3}, {nan, -1, -2, 1, nan, 2, nan, nan, nan})).value(),
              ElementsAre(1, 2, ::testing::_));
}

TEST(ChosenClassesTest, IntegersAreNoScores) {
  SampleTensor tensor = Scores({1, 1}, {0});
  tensor.dtype = DType::kInt32;
  EXPECT_EQ(ChosenClasses(tensor).status().code(), StatusCode::kInvalidArgument);
}

std::shared_ptr<const data::Dataset> Digits() {
  return DataSource{.place = "digits"}.LoadTest().value();
}

InputFacts DigitsInput() {
  return {.name = "x", .dtype = DType::kFloat32, .shape = {Dim(0, 1), 64}};
}

// Knows the right answers; every `wrong_every`-th one is another.
class Oracle {
 public:
  Oracle(const data::Dataset& data, std::size_t wrong_every)
      : labels_(data.Labels()), wrong_every_(wrong_every) {}

  Result<std::vector<SampleTensor>> operator()(std::span<const SampleTensor> inputs) {
    const std::int64_t rows = inputs[0].shape[0];
    std::vector<float> scores(static_cast<std::size_t>(rows) * 10);
    for (std::int64_t row = 0; row < rows; ++row, ++at_) {
      const bool wrong = (at_ + 1) % wrong_every_ == 0;
      scores[static_cast<std::size_t>(row * 10 + (labels_[at_] + (wrong ? 1 : 0)) % 10)] = 1;
    }
    return std::vector{Scores({rows, 10}, scores)};
  }

 private:
  std::vector<std::int64_t> labels_;
  std::size_t wrong_every_;
  std::size_t at_ = 0;
};

TEST(EvaluationTest, CountsWhatIsRightOfEveryExampleOnce) {
  const auto data = Digits();
  const Evaluation evaluation = Evaluation::Make(data, DigitsInput()).value();
  const auto chosen = evaluation.Choose(Oracle(*data, 10)).value();
  ASSERT_EQ(chosen.size(), data->size());
  const AccuracyReport report = evaluation.Score(chosen);
  EXPECT_EQ(report.samples, data->size());
  EXPECT_EQ(report.correct, data->size() - data->size() / 10);
}

TEST(EvaluationTest, FeaturesComeInTheTypeAndShapeOfTheModel) {
  const auto data = Digits();
  InputFacts input{.name = "image", .dtype = DType::kFloat64, .shape = {Dim(0, 1), 1, 8, 8}};
  const Evaluation evaluation = Evaluation::Make(data, input).value();
  const SampleTensor features = evaluation.Features(std::vector<std::uint32_t>{3, 1});
  EXPECT_THAT(features.shape, ElementsAre(2, 1, 8, 8));
  ASSERT_EQ(features.data.size(), 2 * 64 * sizeof(double));
  std::vector<float> floats(64);
  data->GatherFloats(std::vector<std::uint32_t>{1}, floats);
  double first_of_second = 0;
  std::memcpy(&first_of_second, features.data.data() + (64 + 10) * sizeof(double), sizeof(double));
  EXPECT_EQ(first_of_second, static_cast<double>(floats[10]));
}

TEST(EvaluationTest, RefusesDataOfAnotherShapeOrType) {
  InputFacts large = DigitsInput();
  large.shape[1] = 65;
  EXPECT_THAT(Evaluation::Make(Digits(), large).status().message(), HasSubstr("[N, 65]"));
  InputFacts tokens = DigitsInput();
  tokens.dtype = DType::kInt64;
  EXPECT_THAT(Evaluation::Make(Digits(), tokens).status().message(), HasSubstr("int64"));
}

TEST(EvaluationTest, RefusesScoresThatAreNotOfTheseClasses) {
  const Evaluation evaluation = Evaluation::Make(Digits(), DigitsInput()).value();
  const auto answer = [](Dims shape) {
    return [shape](std::span<const SampleTensor> inputs) -> Result<std::vector<SampleTensor>> {
      Dims full = shape;
      full.insert(full.begin(), inputs[0].shape[0]);
      std::int64_t elements = 1;
      for (const std::int64_t size : full) elements *= size;
      return std::vector{Scores(full, std::vector<float>(static_cast<std::size_t>(elements)))};
    };
  };
  EXPECT_TRUE(evaluation.Choose(answer({10})).ok());
  EXPECT_TRUE(evaluation.Choose(answer({12})).ok());  // classes that these data have not
  EXPECT_THAT(evaluation.Choose(answer({9})).status().message(), HasSubstr("10 classes"));
  EXPECT_FALSE(evaluation.Choose(answer({})).ok());
  EXPECT_FALSE(evaluation.Choose(answer({4, 10})).ok());
}

}  // namespace
}  // namespace fedge
