#include "fedge/client/model_cache.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/common/file.h"
#include "fedge/testing/temp_directory.h"

namespace fedge::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TempDirectory;

class ModelCacheTest : public ::testing::Test {
 protected:
  static std::string Load(const std::string& name) {
    auto content = ReadFile(std::string(FEDGE_CLIENT_TEST_DATA) + "/" + name);
    EXPECT_TRUE(content.ok()) << content.status().message();
    return *std::move(content);
  }
  static ContentRef RefOf(const std::string& content) {
    return {Sha256::Of(AsBytes(content)), content.size()};
  }
  static Status Append(ModelDownload& download, std::string_view content, std::size_t begin,
                       std::size_t end) {
    const auto bytes = AsBytes(content.substr(begin, end - begin));
    return download.Append(begin, bytes, Crc32(bytes));
  }
  // Fetches all of a model for client 0.
  static Result<std::shared_ptr<const GlobalModel>> FetchAll(ModelCache& cache,
                                                             const std::string& content) {
    auto download = cache.Request(RefOf(content), 0);
    EXPECT_NE(download, nullptr);
    EXPECT_TRUE(Append(*download, content, 0, content.size()).ok());
    return cache.Complete(std::move(download), OkStatus()).result;
  }

  TempDirectory folder_;
  ModelCache cache_{folder_.path()};
  std::string model_ = Load("linear.pt");
};

TEST_F(ModelCacheTest, ManyClientsAreOneFetch) {
  auto download = cache_.Request(RefOf(model_), 3);
  ASSERT_NE(download, nullptr);
  EXPECT_EQ(cache_.Request(RefOf(model_), 1), nullptr);
  EXPECT_EQ(cache_.Request(RefOf(model_), 2), nullptr);
  ASSERT_TRUE(Append(*download, model_, 0, model_.size()).ok());
  const auto delivery = cache_.Complete(std::move(download), OkStatus());
  ASSERT_TRUE(delivery.result.ok()) << delivery.result.status().message();
  EXPECT_THAT(delivery.clients, ElementsAre(1, 2, 3));
  const GlobalModel& model = **delivery.result;
  EXPECT_EQ(model.digest, RefOf(model_).digest);
  EXPECT_EQ(model.manifest.num_parameters, 15U);
  EXPECT_NE(model.archive.FindTensor("fc.weight"), nullptr);
  EXPECT_EQ(cache_.Find(model.digest), *delivery.result);
}

TEST_F(ModelCacheTest, TheModelCanBeOpenedByItsPathAndLeavesNoFile) {
  auto model = FetchAll(cache_, model_);
  ASSERT_TRUE(model.ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  auto again = ReadFile((*model)->archive.path());
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(*again, model_);
}

TEST_F(ModelCacheTest, ACutFetchGoesOnWhereItStopped) {
  auto download = cache_.Request(RefOf(model_), 0);
  ASSERT_TRUE(Append(*download, model_, 0, 1000).ok());
  EXPECT_EQ(cache_.Complete(std::move(download), Unavailable("cut")).result.status().code(),
            StatusCode::kUnavailable);

  download = cache_.Request(RefOf(model_), 0);
  ASSERT_NE(download, nullptr);
  EXPECT_EQ(download->offset(), 1000U);
  ASSERT_TRUE(Append(*download, model_, 1000, model_.size()).ok());
  EXPECT_TRUE(cache_.Complete(std::move(download), OkStatus()).result.ok());
}

TEST_F(ModelCacheTest, ATransferThatEndsTooEarlyIsACut) {
  auto download = cache_.Request(RefOf(model_), 0);
  ASSERT_TRUE(Append(*download, model_, 0, 1000).ok());
  const Status status = cache_.Complete(std::move(download), OkStatus()).result.status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("1000 of"));
  EXPECT_EQ(cache_.Request(RefOf(model_), 0)->offset(), 1000U);
}

TEST_F(ModelCacheTest, AWrongDigestIsDroppedAndFetchedAnew) {
  auto download = cache_.Request(RefOf(model_), 0);
  std::string wrong = model_;
  wrong[wrong.size() / 2] = static_cast<char>(wrong[wrong.size() / 2] ^ 1);
  ASSERT_TRUE(Append(*download, wrong, 0, wrong.size()).ok());
  EXPECT_EQ(cache_.Complete(std::move(download), OkStatus()).result.status().code(),
            StatusCode::kDataLoss);

  download = cache_.Request(RefOf(model_), 0);
  EXPECT_EQ(download->offset(), 0U);
  ASSERT_TRUE(Append(*download, model_, 0, model_.size()).ok());
  EXPECT_TRUE(cache_.Complete(std::move(download), OkStatus()).result.ok());
}

TEST_F(ModelCacheTest, ChunksThatDoNotFollowAreDamagedOrTooManyAreRefused) {
  auto download = cache_.Request(RefOf(model_), 0);
  const auto chunk = AsBytes(std::string_view(model_).substr(0, 100));
  EXPECT_THAT(download->Append(7, chunk, Crc32(chunk)).message(),
              HasSubstr("begins at byte 7 where 0 was to follow"));
  EXPECT_THAT(download->Append(0, chunk, Crc32(chunk) + 1).message(), HasSubstr("damaged"));
  const std::string more = model_ + "x";
  EXPECT_EQ(Append(*download, more, 0, more.size()).code(), StatusCode::kDataLoss);
  EXPECT_EQ(download->offset(), 0U);
}

TEST_F(ModelCacheTest, AFileThatIsNoModelIsNotKept) {
  const std::string text(5000, 'x');
  auto model = FetchAll(cache_, text);
  ASSERT_FALSE(model.ok());
  EXPECT_THAT(model.status().message(), HasSubstr("global model " + RefOf(text).digest.ShortHex()));
  EXPECT_EQ(cache_.Find(RefOf(text).digest), nullptr);
}

TEST_F(ModelCacheTest, KeepsTheNewestTwo) {
  ModelCache cache(folder_.path());
  const std::string shifted = Load("linear_shifted.pt");
  ASSERT_TRUE(FetchAll(cache, model_).ok());
  ASSERT_TRUE(FetchAll(cache, shifted).ok());
  EXPECT_NE(cache.Find(RefOf(model_).digest), nullptr);
  // A third: the same archive with a comment behind its end is another content.
  std::string third = model_;
  third[third.size() - 2] = 1;
  third += 'x';
  ASSERT_TRUE(FetchAll(cache, third).ok());
  EXPECT_EQ(cache.Find(RefOf(model_).digest), nullptr);
  EXPECT_NE(cache.Find(RefOf(shifted).digest), nullptr);
  EXPECT_NE(cache.Find(RefOf(third).digest), nullptr);
}

TEST_F(ModelCacheTest, AFolderThatIsNotThereIsNamed) {
  ModelCache cache("/nonexistent/cache");
  auto download = cache.Request(RefOf(model_), 0);
  const Status status = Append(*download, model_, 0, model_.size());
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("/nonexistent/cache"));
}

TEST_F(ModelCacheTest, WhatNobodyWaitsForAnyMoreIsDropped) {
  auto download = cache_.Request(RefOf(model_), 0);
  ASSERT_TRUE(Append(*download, model_, 0, 1000).ok());
  EXPECT_FALSE(cache_.Complete(std::move(download), Unavailable("cut")).result.ok());
  const std::string shifted = Load("linear_shifted.pt");
  ASSERT_TRUE(FetchAll(cache_, shifted).ok());
  EXPECT_EQ(cache_.Request(RefOf(model_), 0)->offset(), 0U);
}

}  // namespace
}  // namespace fedge::client
