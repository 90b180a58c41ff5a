// Watch and ListEvents: what is streamed to an operator, and when it ends.
#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::Contains;

std::unique_ptr<grpc::ClientReader<v1::WatchResponse>> StartWatch(Harness& harness,
                                                                  grpc::ClientContext& context,
                                                                  std::uint64_t run,
                                                                  std::uint64_t after_round = 0) {
  v1::WatchRequest request;
  request.set_run(run);
  request.set_after_round(after_round);
  return harness.admin().Watch(&context, request);
}

TEST(WatchTest, SendsTheRoundsOfARunAndEndsWithIt) {
  Harness harness;
  const auto a = harness.Join("a");
  const std::uint64_t run = harness.StartRun(1, 3);
  grpc::ClientContext context;
  const auto reader = StartWatch(harness, context, run);
  v1::WatchResponse message;
  ASSERT_TRUE(reader->Read(&message)) << "the first one comes at once";
  EXPECT_EQ(message.status().run().run(), run);
  for (int i = 0; i < 3; ++i) a->Submit(a->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));

  std::map<std::uint64_t, v1::Phase> phases;
  do {
    for (const v1::RoundSummary& round : message.rounds()) phases[round.round()] = round.phase();
  } while (reader->Read(&message));
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(phases, (std::map<std::uint64_t, v1::Phase>{
                        {1, v1::COMPLETED}, {2, v1::COMPLETED}, {3, v1::COMPLETED}}));
  EXPECT_TRUE(message.status().run().ended());
}

TEST(WatchTest, WaitsForTheLastEvaluation) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto e = harness.Join("e", v1::ROLE_EVALUATOR);
  const std::uint64_t run = harness.StartRun(1);
  grpc::ClientContext context;
  const auto reader = StartWatch(harness, context, run);
  a->Submit(a->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  const std::string task = e->Poll().evaluate().task_id();
  ASSERT_TRUE(e->ReportEvaluation(task, 10, 0.5, 0.75).ok());
  v1::WatchResponse message;
  double accuracy = 0;
  while (reader->Read(&message)) {
    for (const v1::RoundSummary& round : message.rounds()) accuracy = round.evaluation().accuracy();
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_DOUBLE_EQ(accuracy, 0.75);
}

TEST(WatchTest, DoesNotWaitLongForAnEvaluationThatDoesNotCome) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto e = harness.Join("e", v1::ROLE_EVALUATOR);
  const std::uint64_t run = harness.StartRun(1);
  grpc::ClientContext context;
  const auto reader = StartWatch(harness, context, run);
  a->Submit(a->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  e->Poll();
  harness.WaitFor([](const v1::CoordinatorStatus& status) { return status.run().ended(); });
  harness.Pass(RuntimeOptions{}.watch_end_grace + Duration(1));
  v1::WatchResponse message;
  while (reader->Read(&message)) {
  }
  EXPECT_TRUE(reader->Finish().ok());
}

TEST(WatchTest, OfAnEarlierRunSendsWhatWasNotSeenAndEnds) {
  Harness harness;
  const auto a = harness.Join("a");
  const std::uint64_t run = harness.StartRun(1, 3);
  for (int i = 0; i < 3; ++i) a->Submit(a->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  harness.WaitForPhase(v1::COMPLETED);
  harness.StartRun(5);
  harness.Restart();
  grpc::ClientContext context;
  const auto reader = StartWatch(harness, context, run, 1);
  v1::WatchResponse message;
  ASSERT_TRUE(reader->Read(&message));
  ASSERT_EQ(message.rounds_size(), 2);
  EXPECT_EQ(message.rounds(0).round(), 2U);
  EXPECT_EQ(message.rounds(1).round(), 3U);
  EXPECT_FALSE(reader->Read(&message));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST(WatchTest, KnowsWhichRunsThereAre) {
  Harness harness;
  grpc::ClientContext context;
  v1::WatchResponse message;
  const auto unknown = StartWatch(harness, context, 7);
  EXPECT_FALSE(unknown->Read(&message));
  EXPECT_EQ(unknown->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
  grpc::ClientContext second;
  const auto none = StartWatch(harness, second, 0);
  EXPECT_TRUE(none->Read(&message)) << "without any run, the status as it is";
  EXPECT_FALSE(none->Read(&message));
  EXPECT_TRUE(none->Finish().ok());
}

TEST(WatchTest, AWatcherThatGoesAwayIsForgotten) {
  RuntimeOptions options = Harness::QuickOptions();
  options.max_watchers = 1;
  Harness harness(options);
  harness.StartRun(1);
  v1::WatchResponse message;
  {
    grpc::ClientContext context;
    const auto reader = StartWatch(harness, context, 1);
    ASSERT_TRUE(reader->Read(&message));
    grpc::ClientContext second;
    const auto too_many = StartWatch(harness, second, 1);
    EXPECT_FALSE(too_many->Read(&message));
    EXPECT_EQ(too_many->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    context.TryCancel();
    reader->Finish();
  }
  for (std::size_t watchers = 1; watchers != 0;) {
    harness.OnActor([&](Actor& actor) { watchers = actor.watchers().size(); });
  }
  grpc::ClientContext context;
  const auto reader = StartWatch(harness, context, 1);
  EXPECT_TRUE(reader->Read(&message));
  context.TryCancel();
}

TEST(WatchTest, EndsUnavailableWhenTheCoordinatorStops) {
  Harness harness;
  harness.StartRun(1);
  grpc::ClientContext context;
  const auto reader = StartWatch(harness, context, 1);
  v1::WatchResponse message;
  ASSERT_TRUE(reader->Read(&message));
  harness.server().Shutdown(Duration(3'000));
  while (reader->Read(&message)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(EventsTest, TellTheStoryOfARunInOrder) {
  Harness harness;
  const auto a = harness.Join("a");
  harness.StartRun(1);
  a->Submit(a->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  harness.WaitForPhase(v1::COMPLETED);
  const std::vector<v1::Event> events = harness.Events();
  std::vector<std::string> kinds;
  for (const v1::Event& event : events) kinds.push_back(event.kind());
  EXPECT_THAT(kinds, Contains("client joined"));
  EXPECT_THAT(kinds, Contains("run started"));
  EXPECT_THAT(kinds, Contains("round completed"));
  EXPECT_TRUE(std::is_sorted(
      events.begin(), events.end(),
      [](const v1::Event& x, const v1::Event& y) { return x.sequence() < y.sequence(); }));
}

TEST(EventsTest, FollowersHearOfWhatHappensNext) {
  Harness harness;
  const auto a = harness.Join("a");
  v1::ListEventsRequest request;
  request.set_follow(true);
  request.set_last(1);
  grpc::ClientContext context;
  const auto reader = harness.admin().ListEvents(&context, request);
  v1::Event event;
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.client_id(), "a");
  const std::uint64_t last = event.sequence();
  const auto b = harness.Join("b");
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.sequence(), last + 1);
  EXPECT_EQ(event.client_id(), "b");
  context.TryCancel();
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST(EventsTest, BeginBehindTheSequenceAskedFor) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  const std::vector<v1::Event> all = harness.Events();
  ASSERT_GE(all.size(), 2U);
  v1::ListEventsRequest request;
  request.set_after_sequence(all[0].sequence());
  grpc::ClientContext context;
  const auto reader = harness.admin().ListEvents(&context, request);
  v1::Event event;
  std::size_t count = 0;
  while (reader->Read(&event)) EXPECT_EQ(event.sequence(), all[++count].sequence());
  EXPECT_EQ(count, all.size() - 1);
}

}  // namespace
}  // namespace fedge::testing
