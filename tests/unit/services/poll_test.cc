// The control channel of a client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace fedge::testing {
namespace {

TEST(PollTest, IsHeldAndThenAnsweredWait) {
  Harness harness;
  const auto client = harness.Join("a");
  const auto poll = client->StartPoll();
  harness.WaitForParked(1);
  harness.Pass(Duration(19'000));
  harness.WaitForParked(1);
  harness.Pass(Duration(6'001));
  const v1::PollResponse answer = poll->Answer();
  ASSERT_TRUE(answer.has_wait());
  EXPECT_EQ(answer.wait().retry_after_ms(), 0U);
}

TEST(PollTest, ASecondPollEndsTheFirst) {
  Harness harness;
  const auto client = harness.Join("a");
  const auto first = client->StartPoll();
  harness.WaitForParked(1);
  const auto second = client->StartPoll();
  EXPECT_TRUE(first->Answer().has_wait());
  harness.WaitForParked(1);
}

TEST(PollTest, IsAnsweredWithATaskAsSoonAsThereIsOne) {
  Harness harness;
  const auto client = harness.Join("a");
  const auto poll = client->StartPoll();
  harness.WaitForParked(1);
  const std::uint64_t run = harness.StartRun(1);
  const v1::PollResponse answer = poll->Answer();
  ASSERT_TRUE(answer.has_train());
  EXPECT_EQ(answer.train().run(), run);
  EXPECT_EQ(answer.train().round(), 1U);
  EXPECT_EQ(answer.train().task_id(), "1:a");
  EXPECT_EQ(answer.train().config().batch_size(), 8U);
  EXPECT_EQ(answer.train().model().size(), harness.model_bytes().size());
  EXPECT_EQ(answer.train().deadline_unix_ms(),
            (harness.clock().Now() + Duration(60'000)).time_since_epoch().count());
  EXPECT_EQ(harness.Status().round().tasks().training(), 1U);
}

TEST(PollTest, OffersATaskAgainToAClientThatLostIt) {
  Harness harness;
  const auto client = harness.Join("a");
  harness.StartRun(1);
  const std::string task = client->Poll().train().task_id();
  EXPECT_EQ(client->Poll().train().task_id(), task);
}

TEST(PollTest, IsHeldWhileTheClientWorksOnWhatIsWanted) {
  Harness harness;
  const auto client = harness.Join("a");
  harness.StartRun(1);
  const auto poll = client->StartPoll(client->Poll().train().task_id());
  harness.WaitForParked(1);
}

TEST(PollTest, StopsAClientWhoseTaskIsNotWantedAnyMore) {
  Harness harness;
  const auto client = harness.Join("a");
  harness.StartRun(1);
  const std::string task = client->Poll().train().task_id();
  const auto poll = client->StartPoll(task);
  harness.WaitForParked(1);
  grpc::ClientContext context;
  v1::AbortRunRequest request;
  request.set_reason("enough");
  v1::AbortRunResponse response;
  ASSERT_TRUE(harness.admin().AbortRun(&context, request, &response).ok());
  const v1::PollResponse answer = poll->Answer();
  ASSERT_TRUE(answer.has_stop());
  EXPECT_EQ(answer.stop().task_id(), task);
  EXPECT_THAT(answer.stop().reason(), ::testing::HasSubstr("enough"));
}

TEST(PollTest, StopsWorkOnATaskThatNeverWas) {
  Harness harness;
  const auto client = harness.Join("a");
  EXPECT_TRUE(client->Poll("17:a").has_stop());
  EXPECT_TRUE(client->Poll("not even a task").has_stop());
}

TEST(PollTest, DoesNotStopAClientWhoseUpdateWasJustAccepted) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  harness.StartRun(2);
  const v1::TrainTask task = a->Poll().train();
  const auto busy = a->StartPoll(task.task_id());
  harness.WaitForParked(1);
  EXPECT_EQ(a->Submit(task, harness.Payload({1, 1, 1, 1}, {0, 0})).outcome(),
            v1::SubmitResponse::ACCEPTED);
  harness.WaitForParked(1);
  const auto idle = a->StartPoll();
  EXPECT_TRUE(busy->Answer().has_wait());
}

TEST(PollTest, TellsClientsToComeBackLaterBeyondWhatItHolds) {
  RuntimeOptions options = Harness::QuickOptions();
  options.max_parked_polls = 1;
  Harness harness(options);
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  const auto held = a->StartPoll();
  harness.WaitForParked(1);
  const v1::PollResponse answer = b->Poll();
  ASSERT_TRUE(answer.has_wait());
  EXPECT_GE(answer.wait().retry_after_ms(), 15'000U);
  EXPECT_LE(answer.wait().retry_after_ms(), 30'000U);
}

TEST(PollTest, AShutdownAnswersEveryPollAndSaysWhenToComeBack) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  const auto poll_a = a->StartPoll();
  const auto poll_b = b->StartPoll();
  harness.WaitForParked(2);
  harness.server().Shutdown(Duration(3'000));
  for (const auto& poll : {poll_a.get(), poll_b.get()}) {
    const v1::PollResponse answer = poll->Answer();
    ASSERT_TRUE(answer.has_gone());
    EXPECT_GT(answer.gone().retry_after_ms(), 0U);
  }
}

}  // namespace
}  // namespace fedge::testing
