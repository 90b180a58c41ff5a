// The small parts of the runtime, each by itself.
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/common/listen_address.h"
#include "fedge/coordinator_rpc/client_text.h"
#include "fedge/coordinator_rpc/mailbox.h"
#include "fedge/coordinator_rpc/round_changes.h"
#include "fedge/rpc/convert.h"
#include "fedge/rpc/status.h"
#include "fedge/rpc/transport.h"

namespace fedge {
namespace {

using ::testing::HasSubstr;

TEST(MailboxTest, RefusesRequestsBeyondItsBoundButLosesNoEnd) {
  Mailbox mailbox(2);
  EXPECT_TRUE(mailbox.TryPost([](Actor&) {}));
  EXPECT_TRUE(mailbox.TryPost([](Actor&) {}));
  EXPECT_FALSE(mailbox.TryPost([](Actor&) {}));
  mailbox.Post([](Actor&) {});
  EXPECT_EQ(mailbox.TakeAll(Duration(0)).size(), 3U);
  EXPECT_TRUE(mailbox.TryPost([](Actor&) {}));
  mailbox.Close();
  EXPECT_FALSE(mailbox.TryPost([](Actor&) {}));
}

TEST(MailboxTest, WakesTheOneWhoWaits) {
  Mailbox mailbox(2);
  std::jthread poster([&] { mailbox.Post([](Actor&) {}); });
  EXPECT_EQ(mailbox.TakeAll(Duration(3'600'000)).size(), 1U);
}

TEST(ClientTextTest, PrintableEndsBetweenCharacters) {
  EXPECT_EQ(Printable("abc", 3), "abc");
  EXPECT_EQ(Printable("abcd", 3), "abc...");
  EXPECT_EQ(Printable("a\xc3\xa4\xc3\xb6", 2), "a...") << "not in the middle of a character";
  EXPECT_EQ(Printable("a\x1b[2J\n\x7f", 10), "a?[2J??");
}

TEST(ListenAddressTest, KnowsWhereAClientCanConnect) {
  for (const char* const good : {"localhost:8470", "[::1]:1", "10.0.0.5:65535", "unix:/run/f"})
    EXPECT_TRUE(CheckConnectAddress(good).ok()) << good;
  for (const char* const bad : {"", "localhost", "localhost:", "localhost:0", "localhost:65536",
                                ":1", "::1:8470", "[::1]", "http://host:80", "a b:1", "unix:"})
    EXPECT_FALSE(CheckConnectAddress(bad).ok()) << bad;
}

TEST(ListenAddressTest, ReadsHostsAndPorts) {
  EXPECT_EQ(ListenAddress::Parse("127.0.0.1:0")->ToString(), "127.0.0.1:0");
  EXPECT_EQ(ListenAddress::Parse("[::1]:8470")->ToString(), "[::1]:8470");
  EXPECT_EQ(ListenAddress::Parse("host:65535")->port, 65535);
  for (const char* bad :
       {"", ":1", "host", "host:", "host:x", "host:65536", "host:-1", "::1:80", "[]:1"}) {
    EXPECT_FALSE(ListenAddress::Parse(bad).ok()) << bad;
  }
}

TEST(TransportTest, KnowsItsOwnMachine) {
  EXPECT_TRUE(IsLoopback("127.0.0.1:8470"));
  EXPECT_TRUE(IsLoopback("[::1]:8470"));
  EXPECT_TRUE(IsLoopback("localhost:1"));
  EXPECT_FALSE(IsLoopback("0.0.0.0:8470"));
  EXPECT_FALSE(IsLoopback("localhost.example.org:1"));
  EXPECT_FALSE(IsLoopback("127.example.org:1"));
}

TEST(RpcStatusTest, SurvivesTheWire) {
  const Status status = NotFound("no {}", "thing");
  EXPECT_EQ(FromGrpc(ToGrpc(status)), status);
  EXPECT_TRUE(FromGrpc(ToGrpc(OkStatus())).ok());
  EXPECT_EQ(FromGrpc(grpc::Status(static_cast<grpc::StatusCode>(20), "x")).code(),
            StatusCode::kUnknown);
  EXPECT_LT(ToGrpc(Internal("{}", std::string(100'000, 'x'))).error_message().size(), 8'000U);
}

TEST(RpcStatusTest, ASealShowsDamageToAnErrorAndItsHint) {
  const grpc::Status sent = ToGrpc(ResourceExhausted("full"), Duration(1'500));
  EXPECT_TRUE(ErrorSealHolds(sent));
  EXPECT_EQ(RetryAfter(sent), Duration(1'500));
  EXPECT_FALSE(ErrorSealHolds({grpc::StatusCode::NOT_FOUND, "full", sent.error_details()}));
  EXPECT_FALSE(
      ErrorSealHolds({grpc::StatusCode::RESOURCE_EXHAUSTED, "fuml", sent.error_details()}));
  EXPECT_FALSE(ErrorSealHolds({grpc::StatusCode::RESOURCE_EXHAUSTED, "full"}));
  for (std::size_t bit = 0; bit < 8 * sent.error_details().size(); ++bit) {
    std::string details = sent.error_details();
    details[bit / 8] = static_cast<char>(details[bit / 8] ^ (1 << (bit % 8)));
    const grpc::Status damaged(grpc::StatusCode::RESOURCE_EXHAUSTED, "full", details);
    // A field's number has bits that no reader looks at.
    if (ErrorSealHolds(damaged)) {
      EXPECT_EQ(RetryAfter(damaged), Duration(1'500)) << "bit " << bit;
    } else {
      EXPECT_EQ(RetryAfter(damaged), Duration::zero()) << "bit " << bit;
    }
  }
}

TEST(ConvertTest, TrainingValuesSurviveTheWire) {
  const TrainConfig config = {.epochs = 2,
                              .batch_size = 0,
                              .optimizer = "adam",
                              .learning_rate = 0.25,
                              .momentum = 0.9,
                              .weight_decay = 1e-4,
                              .prox_mu = 0.01,
                              .seed = ~0ULL};
  EXPECT_EQ(*FromProto(ToProto(config)), config);
  TrainResult result;
  result.num_examples = kMaxWeight;
  result.after = {.num_examples = 3, .loss = 0.5, .accuracy = 1.0};
  const auto back = FromProto(ToProto(result));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->num_examples, kMaxWeight);
  EXPECT_EQ(back->after.accuracy, 1.0);
  EXPECT_FALSE(back->before.has_accuracy());
}

TEST(ConvertTest, RefusesWhatCannotBe) {
  v1::TrainConfig config = ToProto(TrainConfig{});
  config.set_momentum(std::numeric_limits<double>::infinity());
  EXPECT_THAT(FromProto(config).status().message(), HasSubstr("momentum is inf"));
  v1::Metrics metrics = ToProto(Metrics{});
  metrics.set_accuracy(-0.1);
  EXPECT_FALSE(FromProto(metrics).ok());
  EXPECT_FALSE(DigestFromBytes("short").ok());
  const Digest digest = Sha256::Of(AsBytes("x"));
  EXPECT_EQ(*DigestFromBytes(ToBytes(digest)), digest);
}

TEST(RoundChangesTest, TellsWhatChangedSince) {
  RoundChanges changes;
  RoundRecord round;
  round.run = 1;
  for (round.round = 1; round.round <= 3; ++round.round) changes.Add(round);
  const std::uint64_t seen = changes.version();
  round.round = 2;
  round.num_accepted = 7;
  changes.Add(round);
  const std::vector<RoundRecord> since = changes.Since(seen, 1);
  ASSERT_EQ(since.size(), 1U);
  EXPECT_EQ(since[0].num_accepted, 7U);
  EXPECT_EQ(changes.Since(0, 1).size(), 3U);
  EXPECT_TRUE(changes.Since(0, 2).empty());
}

}  // namespace
}  // namespace fedge
