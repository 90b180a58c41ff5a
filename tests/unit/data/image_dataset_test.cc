#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/data/dataset_registry.h"
#include "fedge/data/formats/cifar10.h"
#include "fedge/data/formats/idx.h"
#include "fedge/testing/temp_directory.h"
#include "test_files.h"

namespace fedge::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;

Result<IdxArray> ReadIdxBytes(std::string_view bytes, std::size_t dimensions) {
  ByteSource source = SourceOf(bytes, "a.idx");
  return ReadIdx(source, dimensions);
}

TEST(IdxTest, ReadsShapeAndValues) {
  const IdxArray array = ReadIdxBytes(Idx({2, 1, 3}, "abcdef"), 3).value();
  EXPECT_THAT(array.shape, ElementsAre(2, 1, 3));
  EXPECT_THAT(array.values, ElementsAre('a', 'b', 'c', 'd', 'e', 'f'));
}

TEST(IdxTest, SaysWhatIsWrong) {
  using namespace std::string_literals;
  const auto message = [](const std::string& bytes, std::size_t dimensions) {
    return ReadIdxBytes(bytes, dimensions).status().message();
  };
  EXPECT_EQ(
      message(Idx({2}, "ab"), 3),
      "a.idx: begins with 0x00000801; expected 0x00000803: an IDX file of bytes with 3 dimensions");
  EXPECT_EQ(
      message(Idx({4}, "ab"), 1),
      "a.idx: ends after 10 bytes, inside the 4 bytes that its header claims: 2 bytes are missing");
  EXPECT_EQ(message(Idx({2}, "abc"), 1),
            "a.idx: goes on after the 10 bytes that its header claims");
  EXPECT_EQ(message(Idx({0}, ""), 1), "a.idx: dimension 0 is 0; expected at least 1");
  EXPECT_EQ(message("\0\0"s, 1),
            "a.idx: ends after 2 bytes, inside the 4-byte IDX magic number: 2 bytes are missing");
  EXPECT_EQ(message(Idx({~0U, ~0U, ~0U}, "x"), 3),
            "a.idx: the header claims more elements than any file can hold");
  // A claim is believed only as far as there are bytes: this neither takes 4 GiB nor long.
  EXPECT_EQ(ReadIdxBytes(Idx({~0U}, "x"), 1).status().code(), StatusCode::kDataLoss);
}

class MnistTest : public ::testing::TestWithParam<bool> {
 protected:
  fedge::testing::TempDirectory folder_;
};

TEST_P(MnistTest, ReadsTheFilesAsPublished) {
  WriteSmallMnist(folder_.path(), 40, 20, GetParam());
  const DatasetSplits splits =
      BuiltinDatasets()
          .LoadSplits({.name = "mnist", .data_dir = folder_.path()}, Split::kBoth)
          .value();
  EXPECT_EQ(splits.train->size(), 40U);
  EXPECT_EQ(splits.test->size(), 20U);
  EXPECT_EQ(splits.train->info().feature_shape, (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(splits.train->info().num_classes, 10);
  EXPECT_THAT(Classes(*splits.train, {39, 0, 12}), ElementsAre(9, 0, 2));
  const std::vector<float> pixels = Floats(*splits.train, {7, 38});
  for (std::size_t p = 0; p < 6; ++p) {
    EXPECT_FLOAT_EQ(pixels[p], static_cast<float>(7 + p) / 255);
    EXPECT_FLOAT_EQ(pixels[6 + p], static_cast<float>(38 + p) / 255);
  }
}

TEST_P(MnistTest, FindsTheFolderThatAnUnpackedDownloadLeaves) {
  std::filesystem::create_directories(folder_.File("MNIST/raw"));
  WriteSmallMnist(folder_.File("MNIST/raw"), 3, 2, GetParam());
  EXPECT_EQ(BuiltinDatasets().Load({.name = "mnist:" + folder_.path()}).value()->size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(PlainAndGzip, MnistTest, ::testing::Bool());

TEST(MnistErrorTest, MessagesNameTheFileAndSayWhatWasExpected) {
  const fedge::testing::TempDirectory folder;
  const auto error = [&](Split split = Split::kTrain) {
    return BuiltinDatasets()
        .Load({.name = "mnist", .data_dir = folder.path()}, split)
        .status()
        .message();
  };
  EXPECT_EQ(error(),
            "data: mnist: " + folder.path() +
                "/train-images-idx3-ubyte: not found, nor with .gz; expected the MNIST training "
                "images: IDX, "
                "60000 x 28 x 28 bytes (47040016 bytes, or 9.9 MB as .gz) (in --data-dir)");
  WriteSmallMnist(folder.path(), 4, 2, false);
  WriteTo(folder.File("train-labels-idx1-ubyte"), Idx({3}, std::string(3, '\1')));
  EXPECT_THAT(error(),
              AllOf(HasSubstr("train-labels-idx1-ubyte"), HasSubstr("4 images, but 3 labels")));
  WriteTo(folder.File("train-labels-idx1-ubyte"), Idx({4}, "\1\2\3\x0A"));
  EXPECT_THAT(error(), HasSubstr("label 3 is 10; expected 0 to 9"));
  WriteTo(folder.File("t10k-images-idx3-ubyte"), "not an image");
  EXPECT_THAT(error(Split::kTest),
              AllOf(HasSubstr("t10k-images-idx3-ubyte: begins with 0x6e6f7420"),
                    HasSubstr("expected the MNIST test images: IDX, 10000 x 28 x 28 bytes")));
  EXPECT_THAT(BuiltinDatasets().Load({.name = "mnist:/nowhere"}).status().message(),
              HasSubstr("/nowhere: no such folder"));
}

TEST(CifarTest, ReadsWhicheverBatchesAreThereAndStandardizesChannels) {
  const fedge::testing::TempDirectory folder;
  WriteTo(folder.File("data_batch_2.bin.gz"), Gzip(CifarRecord(3) + CifarRecord(0)));
  WriteTo(folder.File("data_batch_5.bin"), CifarRecord(9));
  WriteTo(folder.File("test_batch.bin"), CifarRecord(1));
  const DatasetSplits splits =
      BuiltinDatasets().LoadSplits({.name = "cifar10:" + folder.path()}, Split::kBoth).value();
  EXPECT_EQ(splits.test->size(), 1U);
  EXPECT_THAT(splits.train->Labels(), ElementsAre(3, 0, 9));
  EXPECT_EQ(splits.train->info().class_names[9], "truck");
  const std::vector<float> pixels = Floats(*splits.train, {2});
  EXPECT_THAT(pixels[0], FloatNear((9.0F / 255 - 0.4914F) / 0.2470F, 1e-5F));
  EXPECT_THAT(pixels[1024], FloatNear((100.0F / 255 - 0.4822F) / 0.2435F, 1e-5F));
  EXPECT_THAT(pixels[3071], FloatNear((200.0F / 255 - 0.4465F) / 0.2616F, 1e-5F));
}

TEST(CifarTest, MessagesNameTheFileAndSayWhatWasExpected) {
  const fedge::testing::TempDirectory folder;
  const auto error = [&] {
    return BuiltinDatasets().Load({.name = "cifar10:" + folder.path()}).status().message();
  };
  EXPECT_THAT(error(),
              AllOf(HasSubstr("/data_batch_1.bin: not found"), HasSubstr("records of 3073 bytes")));
  WriteTo(folder.File("data_batch_1.bin"), CifarRecord(3) + CifarRecord(4).substr(0, 3000));
  EXPECT_THAT(
      error(),
      HasSubstr("data_batch_1.bin: ends after 6073 bytes, inside record 1: 73 bytes are missing; "
                "expected CIFAR-10's binary version"));
  WriteTo(folder.File("data_batch_1.bin"), CifarRecord(3) + CifarRecord(77));
  EXPECT_THAT(error(), HasSubstr("record 1 (offset 3073) has label 77; labels are 0 to 9"));
  WriteTo(folder.File("data_batch_1.bin"), "");
  EXPECT_THAT(error(), HasSubstr("data_batch_1.bin: is empty"));
}

TEST(ImageFilesTest, EveryTruncationIsAnErrorOrWholeRecords) {
  const std::string idx = Idx({3, 2, 2}, "abcdefghijkl");
  for (std::size_t size = 0; size < idx.size(); ++size) {
    EXPECT_EQ(ReadIdxBytes(idx.substr(0, size), 3).status().code(), StatusCode::kDataLoss) << size;
  }
  const std::string cifar = CifarRecord(1) + CifarRecord(2);
  for (const std::size_t size : {1U, 2U, 3072U, 3073U, 3074U, 6145U, 6146U}) {
    const std::string torn = cifar.substr(0, size);
    ByteSource source = SourceOf(torn);
    CifarRecords records;
    EXPECT_EQ(AppendCifarRecords(source, records).ok(), size % 3073 == 0) << size;
  }
}

}  // namespace
}  // namespace fedge::data
