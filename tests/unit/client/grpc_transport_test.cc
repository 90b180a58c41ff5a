// Sessions, runtime and transport together, over real connections to a small service in this
// process.
#include "fedge/client_rpc/grpc_transport.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_federation.h"
#include "fake_trainer.h"
#include "fedge/client/runtime.h"
#include "fedge/common/file.h"
#include "fedge/rpc/transport.h"
#include "fedge/testing/temp_directory.h"

namespace fedge::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A process of clients, running on a thread of its own.
class Process {
 public:
  Process(const std::string& target, const std::vector<std::string>& ids,
          Policy policy = {.backoff_base = Duration(20)}, char key = 'k') {
    std::vector<Profile> profiles;
    for (const std::string& id : ids) {
      Profile profile;
      profile.id = id;
      profile.key.fill(static_cast<std::byte>(key));
      profile.labels = {{"site", "eu"}};
      profile.num_examples = 600;
      profiles.push_back(profile);
    }
    transport_ = std::make_unique<GrpcTransport>(target, profiles, mailbox_);
    RuntimeOptions options;
    options.policy = policy;
    options.coordinator = target;
    options.cache_folder = folder_.path();
    options.log = [](log::Level, std::string_view) {};
    runtime_ = std::make_unique<Runtime>(options, profiles,
                                         Runtime::Surroundings{*transport_, mailbox_, clock_},
                                         FakeTrainers(2, script));
    thread_ = std::jthread([this] { status_ = runtime_->Run(); });
  }
  ~Process() { Stop().ok(); }

  // Waits for it to end by itself.
  Status Join() {
    if (thread_.joinable()) thread_.join();
    return status_;
  }
  Status Stop() {
    mailbox_.Post(StopRequested{});
    return Join();
  }

  std::shared_ptr<TrainingScript> script = std::make_shared<TrainingScript>();

 private:
  testing::TempDirectory folder_;
  SystemClock clock_;
  Mailbox mailbox_;
  std::unique_ptr<GrpcTransport> transport_;
  std::unique_ptr<Runtime> runtime_;
  Status status_;
  std::jthread thread_;
};

class GrpcTransportTest : public ::testing::Test {
 protected:
  static std::string Model() {
    return *ReadFile(std::string(FEDGE_CLIENT_TEST_DATA) + "/linear.pt");
  }
  static std::string PayloadOf(std::size_t client) {
    return std::string(64, static_cast<char>(client));
  }

  FakeFederation service_{Model()};
};

TEST_F(GrpcTransportTest, RoundsOfSeveralClients) {
  Process process(service_.target(), {"a", "b", "c", "d", "e"});
  for (const std::uint64_t round : {1U, 2U, 3U}) {
    service_.OpenRound(round);
    ASSERT_TRUE(service_.AwaitUpdates(round, 5));
  }
  EXPECT_EQ(service_.updates().at("3:c"), PayloadOf(2));
  EXPECT_THAT(service_.fetch_offsets(), ElementsAre(0)) << "one model, one fetch";
  EXPECT_TRUE(process.Stop().ok());
  EXPECT_EQ(service_.num_left(), 5U);
}

TEST_F(GrpcTransportTest, TellsTheCoordinatorWhoItIsAndWhatItDid) {
  Process process(service_.target(), {"a"});
  service_.OpenRound(1);
  ASSERT_TRUE(service_.AwaitUpdates(1, 1));
  const v1::JoinRequest join = service_.joins().at("a");
  EXPECT_EQ(join.client_key(), std::string(16, 'k'));
  EXPECT_EQ(join.role(), v1::ROLE_TRAINER);
  EXPECT_EQ(join.labels().at("site"), "eu");
  EXPECT_EQ(join.num_examples(), 600U);
  EXPECT_THAT(join.software(), HasSubstr("fl-client "));
  const v1::SubmitHeader header = service_.headers().at("1:a");
  EXPECT_EQ(header.run(), 1U);
  EXPECT_EQ(header.codec(), "dense");
  EXPECT_EQ(header.payload_bytes(), 64U);
  EXPECT_EQ(header.base_digest().size(), 32U);
  EXPECT_EQ(header.result().num_examples(), 10U);
  EXPECT_EQ(header.result().after().loss(), 1);
}

TEST_F(GrpcTransportTest, ACutFetchGoesOnWhereItStopped) {
  service_.CutNextFetch(1000);
  Process process(service_.target(), {"a", "b"});
  service_.OpenRound(1);
  ASSERT_TRUE(service_.AwaitUpdates(1, 2));
  EXPECT_THAT(service_.fetch_offsets(), ElementsAre(0, 1000));
}

TEST_F(GrpcTransportTest, ACutUploadGoesOnWhereItStopped) {
  service_.CutNextSubmit(64);
  Process process(service_.target(), {"a"});
  service_.OpenRound(1);
  ASSERT_TRUE(service_.AwaitUpdates(1, 1));
  EXPECT_THAT(service_.submit_offsets(), ElementsAre(0, 64)) << "all was there but the answer";
  EXPECT_EQ(service_.updates().at("1:a"), PayloadOf(0));
}

TEST_F(GrpcTransportTest, ANanLossIsReportedAsRefused) {
  Process process(service_.target(), {"a", "b"});
  process.script->nan_client = 1;
  service_.OpenRound(1);
  ASSERT_TRUE(service_.AwaitUpdates(1, 1));
  ASSERT_TRUE(service_.AwaitReports(1));
  EXPECT_EQ(service_.reports().at("1:b").failure(), "the loss is NaN in epoch 1");
  EXPECT_EQ(service_.reports().at("1:b").refusal(), v1::REFUSAL_NOT_FINITE);
}

TEST_F(GrpcTransportTest, ARefusedUpdateIsNotSentAgain) {
  service_.RefuseUpdates(1);
  Process process(service_.target(), {"a"});
  service_.OpenRound(1);
  ASSERT_TRUE(service_.AwaitAnswered("1:a"));
  service_.OpenRound(2);
  ASSERT_TRUE(service_.AwaitUpdates(2, 1));
  EXPECT_THAT(service_.submit_offsets(), ElementsAre(0, 0)) << "one for each round";
  EXPECT_FALSE(service_.updates().contains("1:a"));
}

TEST_F(GrpcTransportTest, AServerWithoutRoomIsAskedAgain) {
  service_.AskForPatience(Duration(50));
  Process process(service_.target(), {"a"});
  service_.OpenRound(1);
  ASSERT_TRUE(service_.AwaitUpdates(1, 1));
}

TEST_F(GrpcTransportTest, ARestartedCoordinatorIsJoinedAgain) {
  Process process(service_.target(), {"a", "b", "c"});
  service_.OpenRound(1);
  ASSERT_TRUE(service_.AwaitUpdates(1, 3));
  service_.Restart();
  service_.OpenRound(2);
  ASSERT_TRUE(service_.AwaitUpdates(2, 3));
  EXPECT_TRUE(process.Stop().ok());
}

TEST_F(GrpcTransportTest, AnIdInUseEndsWithAMessage) {
  Process first(service_.target(), {"a"});
  ASSERT_TRUE(service_.AwaitPolls(1));
  Process second(service_.target(), {"a"},
                 {.backoff_base = Duration(1), .duplicate_id_limit = Duration(10)}, 'x');
  const Status status = second.Join();
  EXPECT_EQ(status.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(status.message(), "the id is in use");
  EXPECT_TRUE(first.Stop().ok());
}

TEST(GrpcTransportUnreachableTest, NobodyThereEndsAtTheLimitWithTheCause) {
  std::string target;
  { target = FakeFederation("").target(); }
  Process process(target, {"a"}, {.backoff_base = Duration(1), .reconnect_limit = Duration(30)});
  const Status status = process.Join();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "Connection refused");
}

}  // namespace
}  // namespace fedge::client
