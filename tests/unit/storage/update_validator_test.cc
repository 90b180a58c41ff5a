#include "fedge/coordinator/update_validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elements.h"
#include "fedge/common/hash.h"
#include "fedge/common/number_text.h"
#include "fedge/testing/tiny_model.h"

namespace fedge {
namespace {

using testing::Elements;
using ::testing::HasSubstr;
using testing::TinyTensor;

// One tensor of every dtype and rule; sizes that leave gaps between the payload's entries.
class UpdateValidatorTest : public ::testing::Test {
 protected:
  static std::vector<TinyTensor> Tensors() {
    return {
        {.name = "w64",
         .dtype = DType::kFloat64,
         .shape = {3},
         .bytes = Elements(DType::kFloat64, {1, 2, 3})},
        {.name = "w32",
         .dtype = DType::kFloat32,
         .shape = {3},
         .bytes = Elements(DType::kFloat32, {1, 2, 3})},
        {.name = "w16",
         .dtype = DType::kFloat16,
         .shape = {3},
         .bytes = Elements(DType::kFloat16, {1, 2, 3})},
        {.name = "wb16",
         .dtype = DType::kBFloat16,
         .shape = {5},
         .bytes = Elements(DType::kBFloat16, {1, 2, 3, 4, 5})},
        {.name = "count",
         .dtype = DType::kInt64,
         .shape = {},
         .bytes = Elements(DType::kInt64, {7}),
         .parameter = false,
         .requires_grad = false},
        {.name = "table",
         .dtype = DType::kInt16,
         .shape = {3},
         .bytes = Elements(DType::kInt16, {1, -2, 3}),
         .parameter = false,
         .requires_grad = false},
        {.name = "mean",
         .dtype = DType::kFloat32,
         .shape = {1},
         .bytes = Elements(DType::kFloat32, {9}),
         .parameter = false,
         .requires_grad = false},
    };
  }

  void SetUp() override {
    file_ = testing::TinyModel(Tensors());
    auto archive = Archive::FromBytes(AsBytes(file_), "tiny.pt");
    ASSERT_TRUE(archive.ok()) << archive.status().ToString();
    archive_ = std::make_unique<Archive>(std::move(*archive));
    auto manifest = BuildManifest(*archive_);
    ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
    manifest_ = std::move(*manifest);
    ASSERT_EQ(manifest_.entries.size(), 7U);
    payload_.assign(manifest_.payload_bytes, '\0');
    for (std::size_t i = 0; i < 7; ++i) {
      const ManifestEntry& entry = manifest_.entries[i];
      const std::string bytes =
          entry.rule == MergeRule::kAverageDelta
              ? Elements(entry.dtype, std::vector<double>(entry.num_elements, -0.5))
              : Tensors()[i].bytes;
      payload_.replace(entry.payload_offset, bytes.size(), bytes);
    }
  }

  // Everything in chunks of `chunk` bytes.
  Status Validate(const std::string& payload, std::size_t chunk) {
    UpdateValidator validator(*archive_, manifest_);
    for (std::size_t begin = 0; begin < payload.size(); begin += chunk) {
      FEDGE_RETURN_IF_ERROR(
          validator.Consume(AsBytes(std::string_view(payload).substr(begin, chunk))));
      EXPECT_EQ(validator.consumed(), std::min(begin + chunk, payload.size()));
    }
    return validator.Finish(Crc32(AsBytes(payload)));
  }
  // The payload with one element of an entry replaced.
  std::string With(std::size_t entry, std::size_t element, double value) const {
    const ManifestEntry& e = manifest_.entries[entry];
    std::string payload = payload_;
    const std::string bytes = testing::Element(e.dtype, value);
    payload.replace(e.payload_offset + element * bytes.size(), bytes.size(), bytes);
    return payload;
  }

  std::string file_;
  std::unique_ptr<Archive> archive_;
  Manifest manifest_;
  std::string payload_;
};

TEST_F(UpdateValidatorTest, AcceptsAGoodUpdateHoweverItIsCut) {
  for (std::size_t chunk = 1; chunk <= payload_.size(); ++chunk) {
    const Status status = Validate(payload_, chunk);
    EXPECT_TRUE(status.ok()) << chunk << ": " << status.ToString();
  }
}

TEST_F(UpdateValidatorTest, NamesEveryElementThatIsNotFiniteHoweverItIsCut) {
  for (const std::size_t entry : {0u, 1u, 2u, 3u, 6u}) {
    for (std::size_t element = 0; element < manifest_.entries[entry].num_elements; ++element) {
      for (const double bad : {NAN, INFINITY, -INFINITY}) {
        for (std::size_t chunk = 1; chunk <= 20; ++chunk) {
          const Status status = Validate(With(entry, element, bad), chunk);
          EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
          EXPECT_THAT(
              status.message(),
              HasSubstr(fmt::format("'{}' element {} of the update is {};",
                                    manifest_.entries[entry].tensor, element, NumberText(bad))));
        }
      }
    }
  }
}

TEST_F(UpdateValidatorTest, RefusesWhatCouldMakeTheAverageOverflow) {
  EXPECT_TRUE(Validate(With(1, 0, 0x1.fffffep126), 64).ok());
  EXPECT_THAT(Validate(With(1, 0, -0x1p127), 64).message(),
              HasSubstr("'w32' element 0 of the update is -1.70141"));
  EXPECT_TRUE(Validate(With(0, 2, 0x1p959), 64).ok());
  EXPECT_FALSE(Validate(With(0, 2, 0x1p960), 64).ok());
  EXPECT_TRUE(Validate(With(2, 1, 32752), 64).ok());
  EXPECT_FALSE(Validate(With(2, 1, 32768), 64).ok());
}

TEST_F(UpdateValidatorTest, TensorsThatAreNotTrainedMustBeTheBases) {
  for (std::size_t chunk = 1; chunk <= 20; ++chunk) {
    const Status status = Validate(With(5, 1, -3), chunk);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("'table' element 1 of the update differs"));
  }
}

TEST_F(UpdateValidatorTest, ACounterMayHaveAnyValue) {
  EXPECT_TRUE(Validate(With(4, 0, 123456), 64).ok());
  EXPECT_TRUE(Validate(With(4, 0, -1), 64).ok());
}

TEST_F(UpdateValidatorTest, GapsMayHoldAnything) {
  const ManifestEntry& entry = manifest_.entries[2];
  ASSERT_EQ(entry.num_bytes() % 8, 6U);
  std::string payload = payload_;
  payload.replace(entry.payload_offset + entry.num_bytes(), 2, "\xff\xff");
  for (std::size_t chunk = 1; chunk <= 20; ++chunk) EXPECT_TRUE(Validate(payload, chunk).ok());
}

TEST_F(UpdateValidatorTest, TooFewAndTooManyBytesAreToldApart) {
  const Status short_one = Validate(payload_.substr(0, payload_.size() - 1), 64);
  EXPECT_EQ(short_one.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(short_one.message(), HasSubstr(fmt::format("ends after {} of {} bytes",
                                                         payload_.size() - 1, payload_.size())));
  const Status long_one = Validate(payload_ + "x", 64);
  EXPECT_EQ(long_one.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(long_one.message(),
              HasSubstr(fmt::format("longer than the {} bytes", payload_.size())));
  EXPECT_EQ(Validate("", 64).code(), StatusCode::kInvalidArgument);
}

TEST_F(UpdateValidatorTest, AnotherChecksumIsDataLoss) {
  UpdateValidator validator(*archive_, manifest_);
  ASSERT_TRUE(validator.Consume(AsBytes(payload_)).ok());
  EXPECT_EQ(validator.Finish(0).code(), StatusCode::kDataLoss);
  EXPECT_TRUE(validator.Finish(Crc32(AsBytes(payload_))).ok());
}

}  // namespace
}  // namespace fedge
