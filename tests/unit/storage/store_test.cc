#include "fedge/coordinator/store.h"

#include <filesystem>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fedge/coordinator/sqlite.h"
#include "fedge/testing/temp_directory.h"
#include "record_text.h"
#include "records.h"

namespace fedge {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TempDirectory;
using testing::Text;
using testing::Texts;

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    store_.reset();
    auto store = Store::Open(folder_.path());
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
  }
  void Commit(std::vector<StoreWrite> writes) {
    const Status status = store_->Commit(writes);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  // Runs SQL on a connection of its own.
  Status Execute(const std::string& sql) {
    auto database =
        sqlite::Database::Open(folder_.File("coordinator.db"), sqlite::Database::Mode::kReadWrite);
    return database.ok() ? database->Execute(sql) : database.status();
  }

  TempDirectory folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, KeepsEveryMemberOfEveryRecordOverAReopening) {
  const RoundRecord round = testing::SampleRound(7);
  const TaskRecord task = testing::SampleTask(7, "a");
  const ClientRecord client = testing::SampleClient("a");
  Commit({SaveRun{testing::SampleRun(3)}, SaveRound{round}, SaveTask{task}, SaveClient{client},
          SaveEvent{testing::SampleEvent("joined")}});
  Reopen();
  EXPECT_EQ(Text(store_->GetRound(7).value()), Text(round));
  EXPECT_THAT(Texts(store_->ListTasks(7).value()), ElementsAre(Text(task)));
  EXPECT_EQ(Text(store_->GetClient("a").value()), Text(client));
  EventRecord event = testing::SampleEvent("joined");
  event.sequence = 1;
  EXPECT_THAT(Texts(store_->ListEvents(0, 10).value()), ElementsAre(Text(event)));
}

TEST_F(StoreTest, NumbersThatSqliteWouldChangeComeBackOrAreEqual) {
  ClientRecord client = testing::SampleClient("a");
  const std::vector<double> values = {std::nan(""), -std::nan("1"), HUGE_VAL, -HUGE_VAL, -0.0,
                                      5e-324,       1e308,          0.1,      3.0,       -1.0};
  for (const double value : values) {
    client.examples_per_second = value;
    client.bytes_up = ~std::uint64_t{0};
    Commit({SaveClient{client}});
    const auto read = store_->GetClient("a");
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(read->examples_per_second));
    } else {
      EXPECT_EQ(read->examples_per_second, value);
    }
    EXPECT_EQ(read->bytes_up, ~std::uint64_t{0});
  }
}

TEST_F(StoreTest, AnotherSaveOfTheSameKeyReplacesTheRow) {
  TaskRecord task = testing::SampleTask(7, "a");
  Commit({SaveTask{task}});
  task.reason = std::string(100'000, 'x');
  task.client = "a";
  Commit({SaveTask{task}});
  EXPECT_THAT(Texts(store_->ListTasks(7).value()), ElementsAre(Text(task)));
}

TEST_F(StoreTest, ClientIdsAreBytesAndSortAsSuch) {
  const std::vector<ClientId> ids = {std::string("\0", 1), std::string("a\0b", 3), "a'; DROP TABLE",
                                     "\xff\xfe", "ä"};
  std::set<ClientId> sorted(ids.begin(), ids.end());
  for (const ClientId& id : ids) Commit({SaveClient{testing::SampleClient(id)}});
  std::vector<ClientId> listed;
  const auto clients = store_->ListClients("", 100).value();
  for (const ClientRecord& client : clients) {
    listed.push_back(client.client);
    EXPECT_TRUE(store_->GetClient(client.client).ok());
  }
  EXPECT_EQ(listed, std::vector<ClientId>(sorted.begin(), sorted.end()));
}

TEST_F(StoreTest, LoadsTheStateOfTheLastCommit) {
  RunRecord run = testing::SampleRun(1);
  run.ended = true;
  run.error.clear();
  RoundRecord round = testing::SampleRound(4, 1);
  round.phase = PhaseName::kCompleted;
  round.evaluation_pending = false;
  Commit({SaveRun{run}, SaveRound{round}, SaveModel{testing::SampleModel(1)}});
  Commit({SaveModel{round.model}});
  Reopen();
  const auto state = store_->LoadState();
  ASSERT_TRUE(state.ok()) << state.status().ToString();
  EXPECT_EQ(state->model, round.model);
  EXPECT_EQ(state->last_round, 4U);
  EXPECT_EQ(state->last_run, 1U);
  EXPECT_EQ(NameOf(state->phase), PhaseName::kCompleted);
}

TEST_F(StoreTest, ANewStoreRestsAtRoundZero) {
  const auto state = store_->LoadState();
  ASSERT_TRUE(state.ok()) << state.status().ToString();
  EXPECT_EQ(NameOf(state->phase), PhaseName::kCompleted);
  EXPECT_EQ(state->last_round, 0U);
  EXPECT_FALSE(state->run.has_value());
  EXPECT_EQ(store_->last_event_sequence(), 0U);
}

TEST_F(StoreTest, KeepsItsId) {
  const std::string id = store_->coordinator_id();
  EXPECT_EQ(id.size(), 32U);
  Reopen();
  EXPECT_EQ(store_->coordinator_id(), id);
  const TempDirectory other;
  EXPECT_NE((*Store::Open(other.path()))->coordinator_id(), id);
}

TEST_F(StoreTest, ListsRoundsNewestFirstInPages) {
  for (RoundId round = 1; round <= 6; ++round) {
    Commit({SaveRound{testing::SampleRound(round, round <= 3 ? 1 : 2)}});
  }
  const auto numbers = [](const std::vector<RoundRecord>& rounds) {
    std::vector<RoundId> result;
    for (const RoundRecord& round : rounds) result.push_back(round.round);
    return result;
  };
  EXPECT_THAT(numbers(store_->ListRounds(0, 0, 3).value()), ElementsAre(6, 5, 4));
  EXPECT_THAT(numbers(store_->ListRounds(0, 4, 100).value()), ElementsAre(3, 2, 1));
  EXPECT_THAT(numbers(store_->ListRounds(1, 0, 2).value()), ElementsAre(3, 2));
  EXPECT_THAT(numbers(store_->ListRounds(2, 5, 2).value()), ElementsAre(4));
  EXPECT_THAT(numbers(store_->ListRounds(9, 0, 2).value()), IsEmpty());
  EXPECT_THAT(numbers(store_->ListRounds(~RunId{0}, ~RoundId{0}, 2).value()), IsEmpty());
}

TEST_F(StoreTest, ListsTasksByClientAndByRound) {
  for (const char* client : {"b", "a", "c"}) {
    for (RoundId round = 1; round <= 3; ++round) {
      Commit({SaveTask{testing::SampleTask(round, client)}});
    }
  }
  const auto ids = [](const std::vector<TaskRecord>& tasks) {
    std::vector<std::string> result;
    for (const TaskRecord& task : tasks) result.push_back(task.id());
    return result;
  };
  EXPECT_THAT(ids(store_->ListTasks(2).value()), ElementsAre("2:a", "2:b", "2:c"));
  EXPECT_THAT(ids(store_->ListTasksOf("b", 2).value()), ElementsAre("3:b", "2:b"));
}

TEST_F(StoreTest, WhatIsNotThereIsNamed) {
  EXPECT_EQ(store_->GetRound(8).status().code(), StatusCode::kNotFound);
  EXPECT_THAT(store_->GetRound(8).status().message(), HasSubstr("round 8"));
  EXPECT_THAT(store_->GetClient("nobody").status().message(), HasSubstr("'nobody'"));
}

TEST_F(StoreTest, EventsAreNumberedOverReopenings) {
  Commit({SaveEvent{testing::SampleEvent("1")}, SaveEvent{testing::SampleEvent("2")}});
  Reopen();
  EXPECT_EQ(store_->last_event_sequence(), 2U);
  Commit({SaveEvent{testing::SampleEvent("3")}});
  const auto events = store_->ListEvents(1, 10).value();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].kind, "3");
  EXPECT_EQ(events[1].sequence, 3U);
}

TEST_F(StoreTest, KeepsTheNewestHundredThousandEvents) {
  const std::vector<StoreWrite> batch(10'000, SaveEvent{testing::SampleEvent("tick")});
  for (int i = 0; i < 10; ++i) Commit(batch);
  EXPECT_EQ(store_->ListEvents(0, 1).value().front().sequence, 1U);
  Commit({batch.begin(), batch.begin() + 999});
  EXPECT_EQ(store_->ListEvents(0, 1).value().front().sequence, 1U) << "not one by one";
  Commit({batch.begin(), batch.begin() + 1});
  EXPECT_EQ(store_->ListEvents(0, 1).value().front().sequence, 1'001U);
  EXPECT_EQ(store_->ListEvents(0, 200'000).value().size(), 100'000U);
  Reopen();
  EXPECT_EQ(store_->last_event_sequence(), 101'000U);
}

TEST_F(StoreTest, ACommitIsAllOrNothing) {
  Commit({SaveClient{testing::SampleClient("a")}});
  ASSERT_TRUE(Execute("CREATE TRIGGER refuse BEFORE INSERT ON tasks BEGIN "
                      "SELECT RAISE(ABORT, 'no'); END")
                  .ok());
  const std::vector<StoreWrite> writes = {SaveClient{testing::SampleClient("b")},
                                          SaveEvent{testing::SampleEvent("e")},
                                          SaveTask{testing::SampleTask(1, "b")}};
  EXPECT_FALSE(store_->Commit(writes).ok());
  EXPECT_FALSE(store_->GetClient("b").ok());
  EXPECT_EQ(store_->last_event_sequence(), 0U);
  ASSERT_TRUE(Execute("DROP TRIGGER refuse").ok());
  EXPECT_TRUE(store_->Commit(writes).ok()) << "the connection is usable afterwards";
  EXPECT_TRUE(store_->GetClient("b").ok());
}

TEST_F(StoreTest, ReadersSeeWholeCommitsWhileAnotherThreadWrites) {
  constexpr std::uint64_t kCommits = 300;
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= kCommits; ++i) {
      ClientRecord a = testing::SampleClient("a");
      ClientRecord b = testing::SampleClient("b");
      a.num_accepted = b.num_accepted = i;
      const std::vector<StoreWrite> writes = {SaveClient{a}, SaveClient{b},
                                              SaveEvent{testing::SampleEvent("e")}};
      ASSERT_TRUE(store_->Commit(writes).ok());
    }
  });
  std::uint64_t seen = 0;
  while (seen < kCommits) {
    const auto clients = store_->ListClients("", 10);
    ASSERT_TRUE(clients.ok()) << clients.status().ToString();
    if (clients->empty()) continue;
    ASSERT_EQ(clients->size(), 2U);
    EXPECT_EQ((*clients)[0].num_accepted, (*clients)[1].num_accepted);
    EXPECT_GE((*clients)[0].num_accepted, seen);
    seen = (*clients)[0].num_accepted;
  }
  writer.join();
}

TEST_F(StoreTest, TheLogStaysBounded) {
  TaskRecord task = testing::SampleTask(1, "a");
  task.reason = std::string(1 << 20, 'x');
  for (int i = 0; i < 200; ++i) Commit({SaveTask{task}});
  EXPECT_LE(std::filesystem::file_size(folder_.File("coordinator.db-wal")), 100u << 20);
}

TEST_F(StoreTest, TasksOfOldRoundsAreForgottenAndRoundsLater) {
  store_.reset();
  store_ = Store::Open(folder_.path(), PosixFileSystem(),
                       {.keep_tasks = 10, .keep_rounds = 50, .keep_clients = 10})
               .value();
  for (RoundId round = 1; round <= 200; ++round) {
    RoundRecord record;
    record.round = round;
    record.run = 1;
    TaskRecord task;
    task.round = round;
    task.client = "a";
    RunRecord run;
    run.run = 1;
    const std::vector<StoreWrite> writes = {SaveRun{run}, SaveRound{record}, SaveTask{task}};
    ASSERT_TRUE(store_->Commit(writes).ok());
  }
  const auto tasks = store_->ListTasksOf("a", 1'000);
  ASSERT_TRUE(tasks.ok());
  EXPECT_GE(tasks->size(), 10U);
  EXPECT_LE(tasks->size(), 10U + 16U);
  EXPECT_EQ(tasks->front().round, 200U);
  const auto rounds = store_->ListRounds(0, 0, 1'000);
  ASSERT_TRUE(rounds.ok());
  EXPECT_GE(rounds->size(), 50U);
  EXPECT_LE(rounds->size(), 50U + 16U);
  EXPECT_EQ(rounds->front().round, 200U);
}

TEST_F(StoreTest, ClientsThatWereNotSeenForLongestAreForgotten) {
  store_.reset();
  store_ = Store::Open(folder_.path(), PosixFileSystem(),
                       {.keep_tasks = 10, .keep_rounds = 50, .keep_clients = 10})
               .value();
  std::vector<StoreWrite> writes;
  for (int i = 0; i < 1'000; ++i) {
    ClientRecord client;
    client.client = fmt::format("client-{:04}", i);
    client.last_seen = TimePoint(Duration((i * 7) % 1'000));
    writes.emplace_back(SaveClient{client});
  }
  ASSERT_TRUE(store_->Commit(writes).ok());
  const auto clients = store_->ListClients("", 1'000);
  ASSERT_TRUE(clients.ok());
  EXPECT_EQ(clients->size(), 10U);
  for (const ClientRecord& client : *clients)
    EXPECT_GE(client.last_seen.time_since_epoch().count(), 990);
}

TEST_F(StoreTest, FilesAreForTheirOwnerOnly) {
  for (const char* name : {"coordinator.db", "coordinator.db-wal", "coordinator.db-shm"}) {
    struct stat info {};
    ASSERT_EQ(::stat(folder_.File(name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(StoreTest, ADatabaseOfANewerSchemaIsRefused) {
  ASSERT_TRUE(Execute("PRAGMA user_version = 3").ok());
  store_.reset();
  const Status status = Store::Open(folder_.path()).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("schema version 3; this program knows 2"));
}

TEST_F(StoreTest, AnotherProgramsDatabaseIsLeftAlone) {
  const TempDirectory other;
  {
    auto database =
        sqlite::Database::Open(other.File("coordinator.db"), sqlite::Database::Mode::kReadWrite);
    ASSERT_TRUE(database->Execute("CREATE TABLE t (x)").ok());
  }
  const std::string before = ReadFile(other.File("coordinator.db")).value();
  const Status status = Store::Open(other.path()).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("not a coordinator's database"));
  EXPECT_EQ(ReadFile(other.File("coordinator.db")).value(), before);
}

}  // namespace
}  // namespace fedge
