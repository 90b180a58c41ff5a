// What an operator asks for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::HasSubstr;

grpc::Status Start(Harness& harness, const v1::StartRunRequest& request,
                   v1::StartRunResponse& response) {
  grpc::ClientContext context;
  return harness.admin().StartRun(&context, request, &response);
}

v1::StartRunRequest OneRound() {
  v1::StartRunRequest request;
  request.mutable_plan()->set_num_rounds(1);
  request.mutable_plan()->set_num_clients(1);
  request.mutable_plan()->mutable_train()->set_learning_rate(0.1);
  return request;
}

grpc::Status Export(Harness& harness, std::uint64_t round, std::string& bytes,
                    v1::ExportModelResponse& first) {
  grpc::ClientContext context;
  v1::ExportModelRequest request;
  request.set_round(round);
  const auto reader = harness.admin().ExportModel(&context, request);
  v1::ExportModelResponse message;
  while (reader->Read(&message)) {
    if (bytes.empty()) first = message;
    EXPECT_EQ(message.offset(), bytes.size());
    bytes += message.data();
  }
  return reader->Finish();
}

// One round in which client `a` adds `first` to the first weight.
void TrainOneRound(Harness& harness, TestClient& a, float first) {
  harness.StartRun(1);
  a.Submit(a.Poll().train(), harness.Payload({first, 0, 0, 0}, {0, 0}));
  harness.WaitForPhase(v1::COMPLETED);
}

TEST(StartRunTest, ARepeatedRequestAnswersWithTheSameRun) {
  Harness harness;
  v1::StartRunRequest request = OneRound();
  request.set_request_id("r1");
  v1::StartRunResponse first;
  v1::StartRunResponse second;
  ASSERT_TRUE(Start(harness, request, first).ok());
  ASSERT_TRUE(Start(harness, request, second).ok());
  EXPECT_EQ(first.run(), second.run());
  request.set_request_id("r2");
  EXPECT_EQ(Start(harness, request, second).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST(StartRunTest, FillsInWhatWasLeftOut) {
  Harness harness;
  v1::StartRunResponse response;
  ASSERT_TRUE(Start(harness, OneRound(), response).ok());
  const v1::RunPlan plan = harness.Status().run().plan();
  EXPECT_EQ(plan.deadline_ms(), 120'000U);
  EXPECT_EQ(plan.over_select(), 1.0);
  EXPECT_EQ(plan.learning_rate_decay(), 1.0);
  EXPECT_EQ(plan.train().optimizer(), "sgd");
}

TEST(StartRunTest, SaysWhatIsWrongWithAPlan) {
  Harness harness;
  v1::StartRunResponse response;
  v1::StartRunRequest request = OneRound();
  request.mutable_plan()->mutable_train()->set_learning_rate(-1);
  grpc::Status status = Start(harness, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("learning_rate is -1"));

  request = OneRound();
  request.mutable_plan()->set_num_clients(0);
  request.mutable_plan()->set_until("beauty>=1");
  status = Start(harness, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("beauty"));

  request = OneRound();
  request.mutable_plan()->set_deadline_ms(~0ULL);
  EXPECT_EQ(Start(harness, request, response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = OneRound();
  request.set_request_id(std::string(65, 'r'));
  EXPECT_EQ(Start(harness, request, response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(harness.Status().run().run(), 0U) << "none of them began";
}

TEST(AbortTest, EndsTheRunWithItsReasonAndNeedsOne) {
  Harness harness;
  harness.StartRun(1);
  grpc::ClientContext context;
  v1::AbortRunRequest request;
  request.set_reason("wrong data");
  v1::AbortRunResponse response;
  ASSERT_TRUE(harness.admin().AbortRun(&context, request, &response).ok());
  EXPECT_EQ(response.run(), 1U);
  EXPECT_THAT(harness.Status().error(), HasSubstr("wrong data"));
  grpc::ClientContext again;
  EXPECT_EQ(harness.admin().AbortRun(&again, request, &response).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
}

TEST(StatusTest, SaysHowManyClientsAreMissing) {
  Harness harness;
  const auto a = harness.Join("a");
  harness.StartRun(3);
  const v1::CoordinatorStatus status = harness.Status();
  EXPECT_EQ(status.phase(), v1::INITIALIZING);
  EXPECT_EQ(status.clients_waited_for(), 2U);
  EXPECT_EQ(status.num_parameters(), 6U);
  EXPECT_EQ(status.deadline_unix_ms(),
            (harness.clock().Now() + Duration(60'000)).time_since_epoch().count());
}

TEST(ListClientsTest, TellsWhatEachOneDoes) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  const auto c = harness.Join("c");
  c->Leave();
  harness.StartRun(1, 1, [](v1::RunPlan& plan) { plan.set_over_select(2); });
  const auto busy = a->StartPoll(a->Poll().train().task_id());
  harness.WaitForParked(1);

  v1::ListClientsResponse all;
  grpc::ClientContext context;
  ASSERT_TRUE(harness.admin().ListClients(&context, {}, &all).ok());
  ASSERT_EQ(all.clients_size(), 3);
  EXPECT_EQ(all.clients(0).state(), "training");
  EXPECT_EQ(all.clients(1).state(), "idle");
  EXPECT_EQ(all.clients(2).state(), "disconnected");
  EXPECT_EQ(all.clients(0).software(), "test 1");

  v1::ListClientsRequest request;
  request.set_joined_only(true);
  request.set_after_client("a");
  v1::ListClientsResponse joined;
  grpc::ClientContext second;
  ASSERT_TRUE(harness.admin().ListClients(&second, request, &joined).ok());
  ASSERT_EQ(joined.clients_size(), 1);
  EXPECT_EQ(joined.clients(0).client_id(), "b");
}

TEST(GetClientTest, ShowsItsTasksAndSpeed) {
  Harness harness;
  const auto a = harness.Join("a");
  TrainOneRound(harness, *a, 1);
  grpc::ClientContext context;
  v1::GetClientRequest request;
  request.set_client_id("a");
  v1::GetClientResponse response;
  ASSERT_TRUE(harness.admin().GetClient(&context, request, &response).ok());
  EXPECT_EQ(response.client().num_accepted(), 1U);
  EXPECT_EQ(response.client().bytes_up(), harness.manifest().payload_bytes);
  EXPECT_DOUBLE_EQ(response.client().examples_per_second(), 20.0);  // 10 examples in 0.5 s
  ASSERT_EQ(response.recent_tasks_size(), 1);
  EXPECT_EQ(response.recent_tasks(0).state(), "accepted");

  request.set_client_id("nobody");
  grpc::ClientContext second;
  EXPECT_EQ(harness.admin().GetClient(&second, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST(ListRoundsTest, GivesTheNewestFirstByPages) {
  Harness harness;
  const auto a = harness.Join("a");
  for (int i = 0; i < 3; ++i) TrainOneRound(harness, *a, 1);
  v1::ListRoundsRequest request;
  request.set_limit(2);
  v1::ListRoundsResponse page;
  grpc::ClientContext context;
  ASSERT_TRUE(harness.admin().ListRounds(&context, request, &page).ok());
  ASSERT_EQ(page.rounds_size(), 2);
  EXPECT_EQ(page.rounds(0).round(), 3U);
  EXPECT_EQ(page.rounds(1).round(), 2U);
  request.set_before_round(2);
  v1::ListRoundsResponse rest;
  grpc::ClientContext second;
  ASSERT_TRUE(harness.admin().ListRounds(&second, request, &rest).ok());
  ASSERT_EQ(rest.rounds_size(), 1);
  EXPECT_EQ(rest.rounds(0).run(), 1U);
}

TEST(ExportTest, GivesTheNewestModelOrTheOneAfterARound) {
  Harness harness;
  const auto a = harness.Join("a");
  for (int i = 0; i < 2; ++i) TrainOneRound(harness, *a, 1);
  std::string newest;
  v1::ExportModelResponse first;
  ASSERT_TRUE(Export(harness, 0, newest, first).ok());
  EXPECT_EQ(newest, harness.GlobalModel());
  EXPECT_EQ(first.round(), 2U);
  EXPECT_EQ(first.model().size(), newest.size());
  std::string after_first;
  ASSERT_TRUE(Export(harness, 1, after_first, first).ok());
  EXPECT_EQ(Harness::Floats(after_first, "weight")[0], 2);
}

TEST(ExportTest, KeepsAsManyModelsAsItWasTold) {
  RuntimeOptions options = Harness::QuickOptions();
  options.keep_rounds = 2;
  Harness harness(options);
  const auto a = harness.Join("a");
  for (int i = 0; i < 3; ++i) TrainOneRound(harness, *a, 1);
  for (const bool restarted : {false, true}) {
    if (restarted) harness.Restart();
    std::string bytes;
    v1::ExportModelResponse first;
    EXPECT_TRUE(Export(harness, 2, bytes, first).ok());
    const grpc::Status gone = Export(harness, 1, bytes, first);
    EXPECT_EQ(gone.error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_THAT(gone.error_message(), HasSubstr("2, 3"));
  }
  const auto models = PosixFileSystem().List(harness.directory().File("state/models"));
  ASSERT_TRUE(models.ok());
  EXPECT_EQ(models->size(), 2U);
}

TEST(FetchTest, ServesAnyOffsetOfAKeptModelAndNothingElse) {
  Harness harness;
  const auto a = harness.Join("a");
  const std::string digest = harness.Status().model().digest();
  std::string tail;
  ASSERT_TRUE(a->Fetch(digest, 100, tail).ok());
  EXPECT_EQ(tail, harness.model_bytes().substr(100));
  std::string nothing;
  EXPECT_TRUE(a->Fetch(digest, harness.model_bytes().size(), nothing).ok());
  EXPECT_EQ(a->Fetch(digest, harness.model_bytes().size() + 1, nothing).error_code(),
            grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(a->Fetch(std::string(32, 'x'), 0, nothing).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(a->Fetch("short", 0, nothing).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(harness.Connect("b")->Fetch(digest, 0, nothing).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(nothing.empty());
}

}  // namespace
}  // namespace fedge::testing
