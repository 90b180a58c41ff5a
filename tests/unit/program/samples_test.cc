#include "fedge/program/samples.h"

#include <string>

#include <gtest/gtest.h>

#include "fedge/testing/tiny_model.h"

namespace fedge {
namespace {

std::vector<Sample> TwoSamples() {
  const SampleTensor x{"x", DType::kFloat32, {1, 2}, std::string(8, '\1')};
  const SampleTensor y{"y", DType::kInt64, {}, std::string(8, '\2')};
  return {{{x}, {y}, 1e-4}, {{x}, {y, x}, 0}};
}

TEST(SamplesTest, ReadsWhatItWrites) {
  const auto read = SamplesFromBytes(SamplesToBytes(TwoSamples()));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, TwoSamples());
}

TEST(SamplesTest, DataThatIsNotItsShapesIsRefused) {
  auto samples = TwoSamples();
  samples[1].outputs[1].data.pop_back();
  const auto read = SamplesFromBytes(SamplesToBytes(samples));
  EXPECT_EQ(read.status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(read.status().message().starts_with("sample 1: tensor 1: has 7 bytes"))
      << read.status().message();
  samples = TwoSamples();
  samples[0].inputs[0].shape = {std::int64_t{1} << 40, std::int64_t{1} << 40};
  EXPECT_FALSE(SamplesFromBytes(SamplesToBytes(samples)).ok());
}

TEST(SamplesTest, DamageAnywhereIsAnAnswer) {
  const std::string bytes = SamplesToBytes(TwoSamples());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      (void)SamplesFromBytes(damaged);
    }
  }
}

TEST(SamplesTest, ThereMayBeNone) {
  const std::string file = testing::TinyModel({});
  const auto archive = Archive::FromBytes(AsBytes(file), "m.pt");
  ASSERT_TRUE(archive.ok());
  const auto samples = ReadSamples(*archive);
  ASSERT_TRUE(samples.ok());
  EXPECT_TRUE(samples->empty());
}

}  // namespace
}  // namespace fedge
