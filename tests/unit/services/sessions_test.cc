// Who may join, under which name, and when a client counts as gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/rpc/seal.h"
#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::HasSubstr;

TEST(JoinTest, TellsTheTermsAndCountsTheClient) {
  Harness harness;
  const auto client = harness.Join("a");
  EXPECT_EQ(client->terms().protocol(), 1U);
  EXPECT_EQ(client->terms().session().size(), 16U);
  EXPECT_GT(client->terms().max_hold_ms(), 0U);
  EXPECT_EQ(client->terms().coordinator_id(), harness.Status().coordinator_id());
  const auto evaluator = harness.Join("b", v1::ROLE_EVALUATOR);
  EXPECT_EQ(harness.Status().num_trainers(), 1U);
  EXPECT_EQ(harness.Status().num_evaluators(), 1U);
}

TEST(JoinTest, RefusesAnIdThatALiveClientUsesWithAnotherKey) {
  Harness harness;
  const auto first = harness.Join("a");
  const auto second = harness.Connect("a");
  second->set_key(std::string(16, 'x'));
  const grpc::Status status = second->Join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_THAT(status.error_message(), HasSubstr("'a'"));
}

TEST(JoinTest, GivesTheIdToAnotherOnceItsClientIsSilent) {
  Harness harness;
  const auto first = harness.Join("a");
  harness.Pass(Duration(31'000));
  const auto second = harness.Connect("a");
  second->set_key(std::string(16, 'x'));
  EXPECT_TRUE(second->Join().ok());
  v1::PollResponse response;
  EXPECT_EQ(first->StartPoll()->Wait(response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(JoinTest, KeepsTheIdOfAClientWhosePollIsHeldHoweverLong) {
  RuntimeOptions options = Harness::QuickOptions();
  options.poll_hold = Duration(3'600'000);
  Harness harness(options);
  const auto first = harness.Join("a");
  const auto poll = first->StartPoll();
  harness.WaitForParked(1);
  harness.Pass(Duration(600'000));
  const auto second = harness.Connect("a");
  second->set_key(std::string(16, 'x'));
  EXPECT_EQ(second->Join().error_code(), grpc::StatusCode::ALREADY_EXISTS);
}

TEST(JoinTest, TheSameKeyTakesTheSessionOver) {
  Harness harness;
  const auto first = harness.Join("a");
  const auto again = harness.Join("a");
  EXPECT_EQ(first->terms().session(), again->terms().session());
  EXPECT_EQ(harness.Status().num_trainers(), 1U);
}

TEST(JoinTest, RefusesAProtocolThatItDoesNotSpeakAndNamesBothRanges) {
  Harness harness;
  const auto client = harness.Connect("a");
  v1::JoinRequest request = client->MakeJoin();
  request.set_min_protocol(2);
  request.set_max_protocol(3);
  const grpc::Status status = client->Join(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("2 to 3"));
  EXPECT_THAT(status.error_message(), HasSubstr("1 to 1"));
}

TEST(JoinTest, SpeaksTheNewestCommonProtocol) {
  Harness harness;
  const auto client = harness.Connect("a");
  v1::JoinRequest request = client->MakeJoin();
  request.set_max_protocol(7);
  ASSERT_TRUE(client->Join(request).ok());
  EXPECT_EQ(client->terms().protocol(), 1U);
}

struct BadJoin {
  const char* name;
  void (*spoil)(v1::JoinRequest&);
  const char* message;

  friend void PrintTo(const BadJoin& self, std::ostream* out) { *out << self.name; }
};

class BadJoinTest : public ::testing::TestWithParam<BadJoin> {};

TEST_P(BadJoinTest, IsRefused) {
  Harness harness;
  const auto client = harness.Connect("a");
  v1::JoinRequest request = client->MakeJoin();
  GetParam().spoil(request);
  const grpc::Status status = client->Join(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadJoinTest,
    ::testing::Values(
        BadJoin{"NoId", [](v1::JoinRequest& r) { r.clear_client_id(); }, "client id ''"},
        BadJoin{"IdWithSlash", [](v1::JoinRequest& r) { r.set_client_id("../a"); },
                "client id '../a'"},
        BadJoin{"LongId", [](v1::JoinRequest& r) { r.set_client_id(std::string(129, 'a')); },
                "1 to 128"},
        BadJoin{"ShortKey", [](v1::JoinRequest& r) { r.set_client_key("k"); },
                "client key has 1 bytes"},
        BadJoin{"NoRole", [](v1::JoinRequest& r) { r.clear_role(); }, "role 0"},
        BadJoin{"LabelKey", [](v1::JoinRequest& r) { (*r.mutable_labels())["a b"] = "c"; },
                "label key 'a b'"},
        BadJoin{"LabelValue", [](v1::JoinRequest& r) { (*r.mutable_labels())["a"] = "x\ny"; },
                "'x?y'"},
        BadJoin{"ManyLabels",
                [](v1::JoinRequest& r) {
                  for (int i = 0; i < 33; ++i) (*r.mutable_labels())[fmt::format("l{}", i)] = "";
                },
                "33 labels"}),
    [](const auto& test) { return test.param.name; });

TEST(SessionTest, EndsAfterSilence) {
  Harness harness;
  const auto client = harness.Join("a");
  harness.Pass(Duration(74'000));
  EXPECT_EQ(harness.Status().num_trainers(), 1U);
  harness.Pass(Duration(2'000));
  EXPECT_EQ(harness.Status().num_trainers(), 0U);
}

TEST(SessionTest, EndsSoonAfterItsPollWasCutUnlessTheClientComesBack) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  {
    const auto poll_a = a->StartPoll();
    const auto poll_b = b->StartPoll();
    harness.WaitForParked(2);
  }
  harness.WaitForParked(0);
  harness.Pass(Duration(9'000));
  const auto back = b->StartPoll();
  harness.WaitForParked(1);
  harness.Pass(Duration(2'000));
  const v1::CoordinatorStatus status = harness.Status();
  EXPECT_EQ(status.num_trainers(), 1U);
  harness.OnActor([](Actor& actor) { EXPECT_EQ(actor.sessions().FindClient("a"), nullptr); });
}

TEST(SessionTest, EndsWhenTheClientLeaves) {
  Harness harness;
  const auto client = harness.Join("a");
  EXPECT_TRUE(client->Leave().ok());
  EXPECT_EQ(harness.Status().num_trainers(), 0U);
  EXPECT_EQ(client->Leave().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(SessionTest, TakesNoMoreClientsThanItMay) {
  RuntimeOptions options = Harness::QuickOptions();
  options.max_sessions = 2;
  Harness harness(options);
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  EXPECT_EQ(harness.Connect("c")->Join().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(b->Join().ok()) << "who is in may come back";
}

TEST(SessionTest, IsUnknownAfterARestart) {
  Harness harness;
  const auto client = harness.Join("a");
  const std::string coordinator = client->terms().coordinator_id();
  const std::string session = client->terms().session();
  harness.Restart();
  const auto again = harness.Connect("a");
  v1::PollRequest request;
  request.set_session(session);
  Seal(request);
  grpc::ClientContext context;
  v1::PollResponse response;
  EXPECT_EQ(again->stub().Poll(&context, request, &response).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(again->Join().ok());
  EXPECT_EQ(again->terms().coordinator_id(), coordinator);
}

}  // namespace
}  // namespace fedge::testing
