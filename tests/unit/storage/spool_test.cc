#include "fedge/coordinator/spool.h"

#include <filesystem>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/common/hash.h"
#include "fedge/testing/temp_directory.h"
#include "recording_files.h"

namespace fedge {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempDirectory;

class SpoolTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen() {
    spool_.reset();
    auto spool = Spool::Open(files_, folder_.File("spool"));
    ASSERT_TRUE(spool.ok()) << spool.status().ToString();
    spool_ = std::move(*spool);
    files_.TakeOperations();
  }
  Extent Put(RoundId round, std::string_view text) {
    auto extent = spool_->Allocate(round, text.size());
    EXPECT_TRUE(extent.ok()) << extent.status().ToString();
    EXPECT_TRUE(spool_->Write(*extent, 0, AsBytes(text)).ok());
    return *extent;
  }
  std::string Get(const Extent& extent) {
    std::string text(extent.size, '?');
    const Status status = spool_->Read(extent, 0, std::as_writable_bytes(std::span(text)));
    return status.ok() ? text : status.ToString();
  }
  std::vector<std::string> Segments() { return *files_.List(folder_.File("spool")); }

  TempDirectory folder_;
  testing::RecordingFiles files_;
  std::unique_ptr<Spool> spool_;
};

TEST_F(SpoolTest, ExtentsAreAlignedAndApart) {
  const Extent a = Put(1, "abc");
  const Extent b = Put(1, std::string(100, 'b'));
  const Extent c = Put(1, "c");
  const Extent other = Put(2, "other");
  for (const Extent& extent : {a, b, c, other}) EXPECT_EQ(extent.offset % 64, 0U);
  EXPECT_EQ(Get(a), "abc");
  EXPECT_EQ(Get(b), std::string(100, 'b'));
  EXPECT_EQ(Get(c), "c");
  EXPECT_EQ(Get(other), "other");
  EXPECT_EQ(other.segment, 2U);
}

TEST_F(SpoolTest, ReadsAndWritesPartsWithinTheExtentOnly) {
  const Extent extent = Put(1, "0123456789");
  ASSERT_TRUE(spool_->Write(extent, 4, AsBytes("xy")).ok());
  EXPECT_EQ(Get(extent), "0123xy6789");
  std::array<std::byte, 4> out{};
  EXPECT_TRUE(spool_->Read(extent, 6, out).ok());
  EXPECT_EQ(spool_->Read(extent, 7, out).code(), StatusCode::kOutOfRange);
  EXPECT_EQ(spool_->Read(extent, ~std::uint64_t{0}, out).code(), StatusCode::kOutOfRange);
  EXPECT_EQ(spool_->Write(extent, 9, AsBytes("xy")).code(), StatusCode::kOutOfRange);
}

TEST_F(SpoolTest, SyncsTheFileEachTimeAndItsFolderOnce) {
  Put(5, "a");
  ASSERT_TRUE(spool_->Sync(5).ok());
  EXPECT_THAT(files_.TakeOperations(), ElementsAre("sync 5.segment", "sync-folder spool"));
  Put(5, "b");
  ASSERT_TRUE(spool_->Sync(5).ok());
  EXPECT_THAT(files_.TakeOperations(), ElementsAre("sync 5.segment"));
}

TEST_F(SpoolTest, OpeningMakesTheFolderDurable) {
  const std::string spool = folder_.File("other/spool");
  ASSERT_TRUE(Spool::Open(files_, spool).ok());
  EXPECT_THAT(files_.TakeOperations(), ElementsAre("sync-folder other"));
}

TEST_F(SpoolTest, AFailedSyncIsNotForgotten) {
  Put(5, "a");
  files_.fail_sync = true;
  EXPECT_EQ(spool_->Sync(5).code(), StatusCode::kUnavailable);
  files_.fail_sync = false;
  EXPECT_EQ(spool_->Sync(5).code(), StatusCode::kUnavailable)
      << "the system may have dropped the dirty pages, so that a second sync proves nothing";
}

TEST_F(SpoolTest, AFullDiskIsFoundBeforeTheUpload) {
  files_.fail_reserve = true;
  const Status status = spool_->Allocate(1, 10).status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("segment of round 1"));
}

TEST_F(SpoolTest, AnImpossibleSizeIsRefused) {
  EXPECT_EQ(spool_->Allocate(1, ~std::uint64_t{0}).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(spool_->Allocate(1, std::uint64_t{1} << 62).status().code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(Get(Put(1, "still works")), "still works");
}

TEST_F(SpoolTest, AReleasedExtentIsUsedAgainForTheSameSize) {
  const Extent a = Put(1, std::string(100, 'a'));
  const Extent b = Put(1, std::string(100, 'b'));
  spool_->Release(a);
  const Extent smaller = Put(1, "small");
  EXPECT_NE(smaller.offset, a.offset);
  EXPECT_EQ(Put(1, std::string(100, 'c')).offset, a.offset);
  EXPECT_GT(Put(1, std::string(100, 'd')).offset, b.offset) << "not twice";
  EXPECT_EQ(Get(b), std::string(100, 'b'));
}

TEST_F(SpoolTest, AfterARestartItContinuesBehindWhatIsThere) {
  const Extent kept = Put(7, std::string(1000, 'k'));
  Put(6, "old");
  ASSERT_TRUE(spool_->Sync(7).ok());
  Reopen();
  ASSERT_TRUE(spool_->DropAllBut(7).ok());
  EXPECT_THAT(Segments(), ElementsAre("7.segment"));
  const Extent next = Put(7, std::string(500, 'n'));
  EXPECT_GE(next.offset, kept.offset + kept.size);
  EXPECT_EQ(Get(kept), std::string(1000, 'k'));
}

TEST_F(SpoolTest, DroppingAllLeavesForeignFilesAlone) {
  Put(6, "a");
  ASSERT_TRUE(WriteFileAtomically(files_, folder_.File("spool/notes.txt"), AsBytes("x")).ok());
  ASSERT_TRUE(WriteFileAtomically(files_, folder_.File("spool/x.segment"), AsBytes("x")).ok());
  ASSERT_TRUE(spool_->DropAllBut(0).ok());
  EXPECT_THAT(Segments(), ElementsAre("notes.txt", "x.segment"));
}

TEST_F(SpoolTest, ADroppedRoundIsGoneAndNotMadeAnewByALateWriter) {
  const Extent extent = Put(1, "abc");
  ASSERT_TRUE(spool_->Drop(1).ok());
  ASSERT_TRUE(spool_->Drop(1).ok());
  EXPECT_EQ(spool_->Write(extent, 0, AsBytes("abc")).code(), StatusCode::kNotFound);
  EXPECT_EQ(spool_->Sync(1).code(), StatusCode::kNotFound);
  EXPECT_THAT(Get(extent), HasSubstr("segment of round 1: is not there"));
  spool_->Release(extent);
  EXPECT_THAT(Segments(), ElementsAre());
}

TEST_F(SpoolTest, ATornSegmentIsDataLoss) {
  const Extent extent = Put(1, std::string(1000, 'a'));
  spool_.reset();
  std::filesystem::resize_file(folder_.File("spool/1.segment"), 999);
  Reopen();
  EXPECT_THAT(Get(extent), HasSubstr("DATA_LOSS: spool: "));
  EXPECT_THAT(Get(extent), HasSubstr("1.segment: ends 1 bytes too early"));
}

TEST_F(SpoolTest, ManyThreadsWriteAtOnce) {
  constexpr int kThreads = 8;
  constexpr int kUpdates = 50;
  std::vector<std::vector<Extent>> extents(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kUpdates; ++i) {
        const auto round = static_cast<RoundId>(1 + i % 2);
        const std::string half(static_cast<std::size_t>(50 + t * 37 + i),
                               static_cast<char>('a' + t));
        const auto extent = spool_->Allocate(round, 2 * half.size());
        ASSERT_TRUE(extent.ok());
        ASSERT_TRUE(spool_->Write(*extent, half.size(), AsBytes(half)).ok());
        ASSERT_TRUE(spool_->Write(*extent, 0, AsBytes(half)).ok());
        if (i % 10 == 0) {
          ASSERT_TRUE(spool_->Sync(round).ok());
        }
        extents[static_cast<std::size_t>(t)].push_back(*extent);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::pair<std::uint64_t, std::uint64_t>> starts;
  for (int t = 0; t < kThreads; ++t) {
    for (const Extent& extent : extents[static_cast<std::size_t>(t)]) {
      EXPECT_TRUE(starts.emplace(extent.segment, extent.offset).second);
      EXPECT_EQ(Get(extent), std::string(extent.size, static_cast<char>('a' + t)));
    }
  }
}

}  // namespace
}  // namespace fedge
