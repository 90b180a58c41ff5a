#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/common/random.h"
#include "fedge/coordinator/sqlite.h"
#include "fedge/coordinator/store.h"
#include "fedge/coordinator/store_schema.h"
#include "fedge/testing/temp_directory.h"
#include "record_text.h"
#include "records.h"

namespace fedge {
namespace {

using ::testing::HasSubstr;
using testing::TempDirectory;
using testing::Text;
using testing::Texts;

// Everything the store tells, or the first error.
Result<std::vector<std::string>> TellAll(const std::string& folder) {
  FEDGE_ASSIGN_OR_RETURN(const auto store, Store::Open(folder));
  FEDGE_ASSIGN_OR_RETURN(const State state, store->LoadState());
  std::vector<std::string> all = {store->coordinator_id(), Text(state.model),
                                  state.run ? Text(*state.run) : "", Text(state.last_round),
                                  Text(store->last_event_sequence())};
  const auto add = [&all](const std::vector<std::string>& texts) {
    all.insert(all.end(), texts.begin(), texts.end());
  };
  FEDGE_ASSIGN_OR_RETURN(const auto rounds, store->ListRounds(0, 0, 1000));
  add(Texts(rounds));
  FEDGE_ASSIGN_OR_RETURN(const auto of_run, store->ListRounds(3, 0, 1000));
  add(Texts(of_run));
  FEDGE_ASSIGN_OR_RETURN(const auto clients, store->ListClients("", 1000));
  add(Texts(clients));
  FEDGE_ASSIGN_OR_RETURN(const auto events, store->ListEvents(0, 1000));
  add(Texts(events));
  for (RoundId round = 1; round <= 3; ++round) {
    FEDGE_ASSIGN_OR_RETURN(const auto tasks, store->ListTasks(round));
    add(Texts(tasks));
  }
  for (const char* client : {"client-1", "client-20"}) {
    FEDGE_ASSIGN_OR_RETURN(const auto tasks, store->ListTasksOf(client, 100));
    add(Texts(tasks));
  }
  return all;
}

// Three finished rounds of one run, twenty clients: rows of every table, over several pages.
void Fill(const std::string& folder) {
  auto store = Store::Open(folder);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  RunRecord run = testing::SampleRun(3);
  run.error.clear();
  std::vector<StoreWrite> writes = {SaveRun{run}};
  for (RoundId round = 1; round <= 3; ++round) {
    RoundRecord record = testing::SampleRound(round, 3);
    record.phase = PhaseName::kCompleted;
    record.evaluation_pending = false;
    writes.push_back(SaveRound{record});
    writes.push_back(SaveModel{record.model});
    for (int client = 1; client <= 20; ++client) {
      writes.push_back(SaveTask{testing::SampleTask(round, fmt::format("client-{}", client))});
      writes.push_back(SaveEvent{testing::SampleEvent("update accepted")});
    }
  }
  for (int client = 1; client <= 20; ++client) {
    writes.push_back(SaveClient{testing::SampleClient(fmt::format("client-{}", client))});
  }
  ASSERT_TRUE((*store)->Commit(writes).ok());
}

class StoreCorruptionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Fill(folder_.path());
    const auto all = TellAll(folder_.path());
    ASSERT_TRUE(all.ok()) << all.status().ToString();
    truth_ = *all;
    ASSERT_FALSE(std::filesystem::exists(path() + "-wal")) << "all of it is in the one file";
    content_ = ReadFile(path()).value();
  }
  std::string path() const { return folder_.File("coordinator.db"); }

  // Whether damage is found; if it is not, it must have changed nothing.
  bool Detects(const std::string& content) {
    std::filesystem::remove(path() + "-wal");
    std::filesystem::remove(path() + "-shm");
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << content;
    const auto all = TellAll(folder_.path());
    if (!all.ok()) return true;
    EXPECT_EQ(*all, truth_);
    return false;
  }

  TempDirectory folder_;
  std::vector<std::string> truth_;
  std::string content_;
};

TEST_F(StoreCorruptionTest, AFlippedBitAnywhereIsFoundOrHarmless) {
  Random random(7);
  int found = 0;
  constexpr int kFlips = 400;
  for (int i = 0; i < kFlips; ++i) {
    const std::size_t offset = random.Below(content_.size());
    const std::uint64_t bit = random.Below(8);
    std::string damaged = content_;
    damaged[offset] = static_cast<char>(damaged[offset] ^ (1 << bit));
    SCOPED_TRACE(fmt::format("byte {} bit {}", offset, bit));
    found += Detects(damaged);
    if (HasFailure()) return;
  }
  EXPECT_GT(found, kFlips / 4) << "unused parts of pages are the rest";
}

TEST_F(StoreCorruptionTest, AnOverwrittenStretchIsFoundOrHarmless) {
  Random random(8);
  for (int i = 0; i < 100; ++i) {
    const std::size_t offset = random.Below(content_.size() - 64);
    std::string damaged = content_;
    damaged.replace(offset, 64, std::string(64, static_cast<char>(random.Below(256))));
    SCOPED_TRACE(fmt::format("bytes from {}", offset));
    Detects(damaged);
    if (HasFailure()) return;
  }
}

TEST_F(StoreCorruptionTest, ATruncatedFileIsFound) {
  for (std::size_t pages = 1; pages < content_.size() / 4096; ++pages) {
    EXPECT_TRUE(Detects(content_.substr(0, pages * 4096))) << pages;
  }
}

// Changes one value with SQL, so that the structure stays right and the checksum alone can tell.
class RowChecksumTest : public ::testing::TestWithParam<const char*> {};

TEST_P(RowChecksumTest, AChangedValueIsNamedWithItsTableAndKey) {
  const TempDirectory folder;
  Fill(folder.path());
  {
    auto database =
        sqlite::Database::Open(folder.File("coordinator.db"), sqlite::Database::Mode::kReadWrite);
    ASSERT_TRUE(database->Execute(GetParam()).ok());
  }
  const Status status = Store::Open(folder.path()).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("the checksum of the row with "));
}

INSTANTIATE_TEST_SUITE_P(
    EveryTable, RowChecksumTest,
    ::testing::Values("UPDATE meta SET value = 'me'", "UPDATE global_model SET size = size + 1",
                      "UPDATE runs SET seed = 5",
                      "UPDATE rounds SET num_accepted = 0 WHERE round = 2",
                      "UPDATE rounds SET round = 9 WHERE round = 2",
                      "UPDATE rounds SET after_accuracy = 0 WHERE round = 2",
                      "UPDATE rounds SET before_accuracy = NULL WHERE round = 2",
                      "UPDATE tasks SET client = 'x' WHERE client = 'client-1' AND round = 1",
                      "UPDATE tasks SET extent_offset = 128 WHERE client = 'client-1'",
                      "UPDATE clients SET labels = x'' WHERE client = 'client-1'",
                      "UPDATE clients SET labels = x'ffffffff' WHERE client = 'client-1'",
                      "UPDATE clients SET last_refusal = 'inf' WHERE client = 'client-1'",
                      "UPDATE events SET crc = crc + 1 WHERE sequence = 4",
                      "UPDATE events SET crc = crc + 4294967296 WHERE sequence = 4"));

TEST(RowChecksumMessageTest, NamesTheRow) {
  const TempDirectory folder;
  Fill(folder.path());
  {
    auto database =
        sqlite::Database::Open(folder.File("coordinator.db"), sqlite::Database::Mode::kReadWrite);
    ASSERT_TRUE(database->Execute("UPDATE tasks SET state = 1 WHERE round = 2").ok());
  }
  EXPECT_THAT(Store::Open(folder.path()).status().message(),
              HasSubstr("tasks: the checksum of the row with round=2 client=client-1 differs"));
}

TEST(StoreSchemaTest, AChangedSchemaHasANewVersion) {
  std::string schema;
  for (const std::string& statement : SchemaStatements()) schema += statement + "\n";
  // A database on a user's disk has these tables. If this fails, raise kSchemaVersion and bring
  // databases of the version before along.
  EXPECT_EQ(kSchemaVersion, 2);
  EXPECT_EQ(Sha256::Of(AsBytes(schema)).ShortHex(), "7c53c3c091eb") << schema;
}

}  // namespace
}  // namespace fedge
