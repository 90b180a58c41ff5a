// What keeps a coordinator in operation: pausing, rolling back, backups and their restoration.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/coordinator/backup.h"
#include "fedge/rpc/transport.h"
#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Response, typename Request, typename Method>
grpc::Status Call(Harness& harness, Method method, const Request& request,
                  Response* response = nullptr) {
  grpc::ClientContext context;
  Response unused;
  return (harness.admin().*method)(&context, request, response != nullptr ? response : &unused);
}

grpc::Status Pause(Harness& harness) {
  return Call<v1::PauseRunResponse>(harness, &v1::Admin::Stub::PauseRun, v1::PauseRunRequest());
}

grpc::Status Resume(Harness& harness) {
  return Call<v1::ResumeRunResponse>(harness, &v1::Admin::Stub::ResumeRun, v1::ResumeRunRequest());
}

grpc::Status RollBack(Harness& harness, std::uint64_t round) {
  v1::RollBackRequest request;
  request.set_round(round);
  return Call<v1::RollBackResponse>(harness, &v1::Admin::Stub::RollBack, request);
}

// One update of the round that waits for it: adds 1 to the first weight.
void Train(Harness& harness, TestClient& a) {
  const v1::SubmitResponse response =
      a.Submit(a.Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  EXPECT_EQ(response.outcome(), v1::SubmitResponse::ACCEPTED);
}

// A run of two rounds with one client.
void RunTwoRounds(Harness& harness) {
  const auto a = harness.Join("a");
  harness.StartRun(1, 2);
  for (int i = 0; i < 2; ++i) Train(harness, *a);
  harness.WaitForPhase(v1::COMPLETED);
}

// Takes a backup into a file.
grpc::Status Backup(Harness& harness, const std::string& path) {
  grpc::ClientContext context;
  const auto reader = harness.admin().Backup(&context, {});
  std::string bytes;
  v1::BackupResponse message;
  std::string digest;
  while (reader->Read(&message)) {
    bytes += message.data();
    digest = message.sha256();
  }
  const Digest expected = Sha256::Of(AsBytes(bytes));
  EXPECT_EQ(message.total_bytes(), bytes.size());
  EXPECT_EQ(digest, std::string(reinterpret_cast<const char*>(expected.bytes.data()), 32));
  EXPECT_TRUE(WriteFileAtomically(PosixFileSystem(), path, AsBytes(bytes)).ok());
  return reader->Finish();
}

TEST(PauseTest, HoldsTheNextRoundUntilResume) {
  Harness harness;
  EXPECT_EQ(Pause(harness).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  const auto a = harness.Join("a");
  harness.StartRun(1, 2);
  ASSERT_TRUE(Pause(harness).ok());
  EXPECT_TRUE(harness.Status().run().paused());
  Train(harness, *a);
  harness.WaitFor([](const v1::CoordinatorStatus& status) {
    return status.phase() == v1::INITIALIZING && status.round().round() == 2;
  });
  harness.Pass(Duration(3'600'000));
  harness.Restart();
  const auto again = harness.Join("a");
  EXPECT_EQ(harness.Status().phase(), v1::INITIALIZING);
  EXPECT_EQ(harness.Status().deadline_unix_ms(), 0);
  ASSERT_TRUE(Resume(harness).ok());
  Train(harness, *again);
  harness.WaitForPhase(v1::COMPLETED);
  EXPECT_FALSE(harness.Status().run().paused());
  EXPECT_EQ(Resume(harness).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST(RollBackTest, TheModelOfAnEarlierRoundIsTheGlobalOneAgain) {
  Harness harness;
  const auto a = harness.Join("a");
  harness.StartRun(1, 3);
  for (int i = 0; i < 2; ++i) Train(harness, *a);
  const v1::TrainTask last = a->Poll().train();
  EXPECT_EQ(RollBack(harness, 1).error_code(), grpc::StatusCode::FAILED_PRECONDITION)
      << "a run is active";
  a->Submit(last, harness.Payload({1, 0, 0, 0}, {0, 0}));
  harness.WaitForPhase(v1::COMPLETED);
  EXPECT_EQ(RollBack(harness, 9).error_code(), grpc::StatusCode::NOT_FOUND);

  ASSERT_TRUE(RollBack(harness, 1).ok());
  EXPECT_EQ(Harness::Floats(harness.GlobalModel(), "weight")[0], 2);
  EXPECT_EQ(harness.Status().model_round(), 1U);
  harness.Restart();
  EXPECT_EQ(Harness::Floats(harness.GlobalModel(), "weight")[0], 2);
  const auto again = harness.Join("a");
  harness.StartRun(1);
  Train(harness, *again);
  harness.WaitForPhase(v1::COMPLETED);
  EXPECT_EQ(Harness::Floats(harness.GlobalModel(), "weight")[0], 3);
  ASSERT_TRUE(RollBack(harness, 0).ok());
  EXPECT_EQ(harness.GlobalModel(), harness.model_bytes());
}

// One bit of the file of the model after `round`.
void Damage(Harness& harness, std::uint64_t round) {
  std::string path;
  harness.OnActor([&](Actor& actor) {
    path = harness.directory().File("state/models/" +
                                    actor.models().AfterRound(round)->digest.Hex() + ".pt");
  });
  std::string content = ReadFile(path).value();
  content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
  std::ofstream(path, std::ios::binary) << content;
}

TEST(RollBackTest, ADamagedModelIsNeitherGoneBackToNorBackedUp) {
  Harness harness;
  RunTwoRounds(harness);
  Damage(harness, 1);
  const grpc::Status refused = RollBack(harness, 1);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(refused.error_message(), HasSubstr("is damaged"));
  EXPECT_EQ(harness.Status().model_round(), 2U);

  grpc::ClientContext context;
  const auto reader = harness.admin().Backup(&context, {});
  for (v1::BackupResponse message; reader->Read(&message);) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::DATA_LOSS);
}

TEST(RollBackTest, ADamagedNewestModelCanBeLeftBehindAtTheStart) {
  Harness harness;
  RunTwoRounds(harness);
  Damage(harness, 2);
  ServerOptions options;
  options.state_dir = harness.directory().File("state");
  options.listen = {.host = "127.0.0.1", .port = 0};
  harness.Stop();
  const auto refused = CoordinatorServer::Start(options);
  EXPECT_EQ(refused.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(refused.status().message(),
              HasSubstr("--from-round (kept are those after rounds 0, 1"));
  options.runtime.from_round = 1;
  ASSERT_TRUE(CoordinatorServer::Start(options).ok());
  EXPECT_EQ(Harness::Floats(harness.GlobalModel(), "weight")[0], 2);
}

TEST(RequestIdTest, AnOlderRunIsFoundToo) {
  Harness harness;
  const auto a = harness.Join("a");
  v1::StartRunRequest request;
  request.mutable_plan()->set_num_rounds(1);
  request.mutable_plan()->set_num_clients(1);
  request.mutable_plan()->mutable_train()->set_learning_rate(0.1);
  v1::StartRunResponse response;
  for (const char* id : {"monday", "tuesday"}) {
    request.set_request_id(id);
    ASSERT_TRUE(Call(harness, &v1::Admin::Stub::StartRun, request, &response).ok());
    EXPECT_FALSE(response.repeated_request());
    Train(harness, *a);
    harness.WaitForPhase(v1::COMPLETED);
  }
  harness.Restart();
  request.set_request_id("monday");
  ASSERT_TRUE(Call(harness, &v1::Admin::Stub::StartRun, request, &response).ok());
  EXPECT_EQ(response.run(), 1U);
  EXPECT_TRUE(response.repeated_request());
  request.mutable_plan()->set_num_clients(2);
  const grpc::Status other = Call(harness, &v1::Admin::Stub::StartRun, request, &response);
  EXPECT_EQ(other.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(other.error_message(), HasSubstr("another plan"));
}

class BackupTest : public ::testing::Test {
 protected:
  std::string path() const { return folder_.File("backup.tar"); }
  std::string restored() const { return folder_.File("restored"); }
  // A coordinator over the restored folder.
  std::unique_ptr<CoordinatorServer> Serve(const Clock& clock) {
    ServerOptions options;
    options.state_dir = restored();
    options.listen = {.host = "127.0.0.1", .port = 0};
    auto server = CoordinatorServer::Start(std::move(options), PosixFileSystem(), &clock);
    EXPECT_TRUE(server.ok()) << server.status().message();
    return std::move(*server);
  }

  TempDirectory folder_;
};

TEST_F(BackupTest, OfARoundInProgressHasItsUpdates) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  harness.StartRun(2);
  Train(harness, *a);
  Train(harness, *b);
  harness.WaitForPhase(v1::COMPLETED);
  harness.StartRun(2);
  Train(harness, *a);
  ASSERT_TRUE(Backup(harness, path()).ok());
  // What happens afterwards is not in it.
  Train(harness, *b);
  harness.WaitForPhase(v1::COMPLETED);

  ASSERT_TRUE(RestoreBackup(PosixFileSystem(), path(), restored()).ok());
  const auto server = Serve(harness.clock());
  EXPECT_EQ(ReadFile(restored() + "/global.pt").value().size(), harness.GlobalModel().size());
  const auto round = server->coordinator().store().GetRound(2);
  ASSERT_TRUE(round.ok());
  EXPECT_EQ(round->phase, PhaseName::kTraining);
  EXPECT_EQ(round->num_accepted, 1U);
  TestClient late(CreateChannel(server->address()), "b");
  ASSERT_TRUE(late.Join().ok());
  EXPECT_EQ(late.Submit(late.Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0})).outcome(),
            v1::SubmitResponse::ACCEPTED);
  while (server->coordinator().store().GetRound(2)->phase != PhaseName::kCompleted) {
    std::this_thread::yield();
  }
  EXPECT_EQ(server->coordinator().store().GetRound(2)->model.digest,
            Sha256::Of(AsBytes(harness.GlobalModel())));
}

TEST_F(BackupTest, IsRefusedWhereSomethingIs) {
  Harness harness;
  ASSERT_TRUE(Backup(harness, path()).ok());
  ASSERT_TRUE(PosixFileSystem().CreateDirectory(restored()).ok());
  ASSERT_TRUE(RestoreBackup(PosixFileSystem(), path(), restored()).ok())
      << "an empty folder is fine";
  const Status again = RestoreBackup(PosixFileSystem(), path(), restored());
  EXPECT_EQ(again.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(again.message(), HasSubstr("is not empty"));
}

// Flips a bit in blocks all over the file and cuts it there: nothing is restored from it.
TEST_F(BackupTest, ADamagedOneIsNoticedAndLeavesNothing) {
  Harness harness;
  ASSERT_TRUE(Backup(harness, path()).ok());
  const std::string good = ReadFile(path()).value();
  const auto refused = [&](const std::string& bytes) {
    EXPECT_TRUE(WriteFileAtomically(PosixFileSystem(), path(), AsBytes(bytes)).ok());
    const bool restored_it = RestoreBackup(PosixFileSystem(), path(), restored()).ok();
    EXPECT_FALSE(!restored_it && std::filesystem::exists(restored()));
    EXPECT_FALSE(std::filesystem::exists(restored() + ".restoring"));
    std::filesystem::remove_all(restored());
    return !restored_it;
  };
  // The last two blocks are zeros behind the last entry.
  for (std::size_t begin = 0; begin + 3 * 512 <= good.size(); begin += 7 * 512) {
    std::string damaged = good;
    damaged[begin + 5] = static_cast<char>(damaged[begin + 5] ^ 4);
    EXPECT_TRUE(refused(damaged)) << "block " << begin / 512;
    EXPECT_TRUE(refused(good.substr(0, begin))) << "cut at block " << begin / 512;
  }
  EXPECT_FALSE(refused(good));
}

TEST_F(BackupTest, TakesNoNameThatLeadsOutOfTheFolder) {
  for (const char* name : {"../evil", "/etc/evil", "models/../../evil", "global.pt", "models/.x"}) {
    std::vector<BackupFile> files;
    auto file = PosixFileSystem().OpenForRead("/proc/self/exe");
    ASSERT_TRUE(file.ok());
    files.push_back({name, std::move(*file), 10});
    BackupStream stream(std::move(files), TimePoint{});
    std::string bytes;
    for (std::string part = "-"; !part.empty(); bytes += part) {
      part = stream.Next(BackupStream::kMinBytes).value();
    }
    ASSERT_TRUE(WriteFileAtomically(PosixFileSystem(), path(), AsBytes(bytes)).ok());
    EXPECT_EQ(RestoreBackup(PosixFileSystem(), path(), restored()).code(),
              StatusCode::kInvalidArgument)
        << name;
  }
}

}  // namespace
}  // namespace fedge::testing
