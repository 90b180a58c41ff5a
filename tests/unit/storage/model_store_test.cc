#include "fedge/coordinator/model_store.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/testing/temp_directory.h"
#include "recording_files.h"

namespace fedge {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempDirectory;
using ::testing::UnorderedElementsAre;

ModelRef RefOf(const std::string& content, RoundId round = 0) {
  return {.digest = Sha256::Of(AsBytes(content)),
          .size = content.size(),
          .round = round,
          .crc32 = Crc32(AsBytes(content))};
}

class ModelStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto models = ModelStore::Open(files_, folder_.File("state"));
    ASSERT_TRUE(models.ok()) << models.status().ToString();
    models_ = std::move(*models);
    files_.TakeOperations();
  }
  std::string Write(const std::string& path, const std::string& content) {
    EXPECT_TRUE(WriteFileAtomically(PosixFileSystem(), path, AsBytes(content)).ok());
    return path;
  }
  ModelRef Import(const std::string& content) {
    auto model = models_->Import(Write(folder_.File("given.pt"), content));
    EXPECT_TRUE(model.ok()) << model.status().ToString();
    files_.TakeOperations();
    return *model;
  }
  std::string Global() { return ReadFile(folder_.File("state/global.pt")).value(); }
  std::vector<std::string> Models() { return *files_.List(folder_.File("state/models")); }
  static std::string NameOf(const ModelRef& model) { return model.digest.Hex() + ".pt"; }

  TempDirectory folder_;
  testing::RecordingFiles files_;
  std::unique_ptr<ModelStore> models_;
};

TEST_F(ModelStoreTest, ImportsACopyUnderItsDigest) {
  for (const std::size_t size : {0u, 1u, 1u << 20, (1u << 20) + 1, 5'000'000u}) {
    std::string content(size, '\0');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * i >> 8);
    const ModelRef model = Import(content);
    EXPECT_EQ(model, RefOf(content));
    EXPECT_TRUE(models_->Has(model.digest));
    EXPECT_EQ(ReadFile(models_->PathOf(model.digest)).value(), content);
  }
}

TEST_F(ModelStoreTest, AnImportIsDurableBeforeItHasItsName) {
  const auto model = models_->Import(Write(folder_.File("given.pt"), "abc"));
  EXPECT_THAT(
      files_.TakeOperations(),
      ElementsAre("sync import.tmp", "rename import.tmp " + NameOf(*model), "sync-folder models"));
}

TEST_F(ModelStoreTest, AFailedImportLeavesNothing) {
  const Status status = models_->Import(folder_.File("nothing.pt")).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("nothing.pt"));
  files_.fail_sync = true;
  EXPECT_FALSE(models_->Import(Write(folder_.File("given.pt"), "abc")).ok());
  EXPECT_THAT(Models(), ElementsAre());
}

TEST_F(ModelStoreTest, AdoptsWhatTheAggregatorWrote) {
  const std::string temporary = Write(models_->TemporaryPath(3), "result");
  const ModelRef model = RefOf("result", 3);
  ASSERT_TRUE(models_->Adopt(temporary, model).ok());
  EXPECT_THAT(files_.TakeOperations(),
              ElementsAre("rename round-3.tmp " + NameOf(model), "sync-folder models"));
  EXPECT_THAT(Models(), ElementsAre(NameOf(model)));
}

TEST_F(ModelStoreTest, DoesNotAdoptAFileOfAnotherSize) {
  const std::string temporary = Write(models_->TemporaryPath(3), "resul");
  EXPECT_EQ(models_->Adopt(temporary, RefOf("result")).code(), StatusCode::kDataLoss);
  EXPECT_FALSE(models_->Has(RefOf("result").digest));
}

TEST_F(ModelStoreTest, PublishesInOneStep) {
  const ModelRef a = Import("a");
  const ModelRef b = Import("b");
  ASSERT_TRUE(models_->Publish(a).ok());
  EXPECT_EQ(Global(), "a");
  ASSERT_TRUE(models_->Publish(b).ok());
  EXPECT_EQ(Global(), "b");
  files_.TakeOperations();
  ASSERT_TRUE(models_->Publish(b).ok()) << "again";
  EXPECT_EQ(Global(), "b");
  EXPECT_THAT(files_.TakeOperations(),
              ElementsAre("link " + NameOf(b) + " global.pt.tmp", "rename global.pt.tmp global.pt",
                          "sync-folder state"));
  EXPECT_THAT(*files_.List(folder_.File("state")), ElementsAre("global.pt"));
}

TEST_F(ModelStoreTest, PublishesACopyWhereThereAreNoLinks) {
  const ModelRef model = Import("a");
  files_.fail_link = true;
  ASSERT_TRUE(models_->Publish(model).ok());
  EXPECT_EQ(Global(), "a");
  EXPECT_THAT(
      files_.TakeOperations(),
      ElementsAre("sync global.pt.tmp", "rename global.pt.tmp global.pt", "sync-folder state"));
}

TEST_F(ModelStoreTest, PublishingGetsOverALeftover) {
  const ModelRef model = Import("a");
  Write(folder_.File("state/global.pt.tmp"), "half");
  ASSERT_TRUE(models_->Publish(model).ok());
  EXPECT_EQ(Global(), "a");
}

TEST_F(ModelStoreTest, WhatIsNotThereIsNotPublished) {
  ASSERT_TRUE(models_->Publish(Import("a")).ok());
  EXPECT_EQ(models_->Publish(RefOf("b")).code(), StatusCode::kNotFound);
  EXPECT_EQ(Global(), "a");
}

TEST_F(ModelStoreTest, RetainsWhatIsNamedAndTheFileBeingWritten) {
  const ModelRef a = Import("a");
  const ModelRef b = Import("b");
  Write(models_->TemporaryPath(3), "of a round that failed");
  Write(models_->TemporaryPath(4), "being written");
  Write(folder_.File("state/models/import.tmp"), "half");
  Write(folder_.File("state/models/zz.pt"), "foreign");
  ASSERT_TRUE(models_->Retain({b.digest, RefOf("c").digest}).ok());
  EXPECT_THAT(Models(), UnorderedElementsAre(NameOf(b), "round-4.tmp"));
  EXPECT_FALSE(models_->Has(a.digest));
  ASSERT_TRUE(models_->Adopt(models_->TemporaryPath(4), RefOf("being written")).ok());
  ASSERT_TRUE(models_->Retain({}).ok());
  EXPECT_THAT(Models(), ElementsAre());
}

TEST_F(ModelStoreTest, APublishedModelOutlivesItsRemoval) {
  const ModelRef a = Import("a");
  ASSERT_TRUE(models_->Publish(a).ok());
  ASSERT_TRUE(models_->Retain({}).ok());
  EXPECT_EQ(Global(), "a");
}

}  // namespace
}  // namespace fedge
