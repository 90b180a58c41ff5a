// A flipped bit in the write-ahead log looks like its torn end: SQLite leaves out what was
// committed behind it, without a word. The store must have one.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/coordinator/store.h"
#include "fedge/testing/temp_directory.h"
#include "records.h"

namespace fedge {
namespace {

using ::testing::HasSubstr;
using testing::TempDirectory;

class LostCommitsTest : public ::testing::Test {
 protected:
  static RunRecord FirstRun() {
    RunRecord run = testing::SampleRun(1);
    run.ended = run.reset = run.paused = false;
    run.error.clear();
    return run;
  }
  // As a process that was killed leaves it: SQLite would empty the log on the way out.
  void Commit(const std::vector<StoreWrite>& last) {
    const TempDirectory running;
    auto store = Store::Open(running.path()).value();
    const std::vector<StoreWrite> first = {SaveRun{FirstRun()},
                                           SaveRound{testing::SampleRound(1, 1)}};
    ASSERT_TRUE(store->Commit(first).ok());
    size_before_ = std::filesystem::file_size(running.File("coordinator.db-wal"));
    ASSERT_TRUE(store->Commit(last).ok());
    for (const char* name : {"coordinator.db", "coordinator.db-wal", "acknowledged"}) {
      std::filesystem::copy(running.File(name), folder_.File(name));
    }
  }
  // In the first frame of the last commit.
  void Damage() {
    std::fstream log(folder_.File("coordinator.db-wal"),
                     std::ios::in | std::ios::out | std::ios::binary);
    log.seekp(static_cast<std::streamoff>(size_before_ + 24 + 100));
    log.put('\x55');
  }
  Result<std::unique_ptr<Store>> Reopen() { return Store::Open(folder_.path()); }

  const TempDirectory folder_;
  std::uintmax_t size_before_ = 0;
};

TEST_F(LostCommitsTest, AreCountedWhereTheyHappenAgainByThemselves) {
  Commit({SaveTask{testing::SampleTask(1, "a")}});
  Damage();
  const auto store = Reopen();
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  EXPECT_EQ((*store)->lost_commits(), 1U);
  EXPECT_TRUE((*store)->ListTasks(1)->empty()) << "it is not there";
}

TEST_F(LostCommitsTest, AreCountedOnceOnly) {
  Commit({SaveTask{testing::SampleTask(1, "a")}});
  Damage();
  const StoreWrite again = SaveTask{testing::SampleTask(1, "a")};
  ASSERT_TRUE(Reopen().value()->Commit({&again, 1}).ok());
  EXPECT_EQ(Reopen().value()->lost_commits(), 0U);
}

TEST_F(LostCommitsTest, NoneAreMissingFromAWholeLog) {
  Commit({SaveTask{testing::SampleTask(1, "a")}});
  EXPECT_EQ(Reopen().value()->lost_commits(), 0U);
}

// Of what the operator said last.
class LostOrdersTest : public LostCommitsTest {
 protected:
  void ExpectRefused(const StoreWrite& order) {
    Commit({order});
    Damage();
    const Status status = Reopen().status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_THAT(status.message(), HasSubstr("the last 1 of 2 commits are gone"));
    EXPECT_THAT(status.message(), HasSubstr("restore the folder from a backup"));

    std::filesystem::remove(folder_.File("acknowledged"));
    EXPECT_TRUE(Reopen().ok()) << "the way out that the message names";
  }
};

TEST_F(LostOrdersTest, AnAbortIsNotForgotten) {
  RunRecord aborted = FirstRun();
  aborted.ended = true;
  aborted.error = "aborted by an operator";
  ExpectRefused(SaveRun{aborted});
}

TEST_F(LostOrdersTest, APauseIsNotForgotten) {
  RunRecord paused = FirstRun();
  paused.paused = true;
  ExpectRefused(SaveRun{paused});
}

TEST_F(LostOrdersTest, AStartIsNotForgotten) {
  RunRecord next = FirstRun();
  next.run = 2;
  ExpectRefused(SaveRun{next});
}

TEST_F(LostOrdersTest, ARollBackIsNotForgotten) {
  ExpectRefused(SaveModel{testing::SampleModel(9)});
}

TEST_F(LostCommitsTest, TheEndOfARoundHappensAgain) {
  RoundRecord round = testing::SampleRound(1, 1);
  round.model = testing::SampleModel(9);
  RunRecord run = FirstRun();
  run.ended = true;
  Commit({SaveModel{round.model}, SaveRound{round}, SaveRun{run}});
  Damage();
  EXPECT_EQ(Reopen().value()->lost_commits(), 1U);
}

TEST_F(LostCommitsTest, ADatabaseThatIsGoneIsNotTakenForANewOne) {
  Commit({SaveTask{testing::SampleTask(1, "a")}});
  std::filesystem::remove(folder_.File("coordinator.db"));
  std::filesystem::remove(folder_.File("coordinator.db-wal"));
  const Status status = Reopen().status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("is empty, and was not before"));
}

}  // namespace
}  // namespace fedge
