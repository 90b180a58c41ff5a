#include "fedge/client/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session_driver.h"

namespace fedge::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Lines = SessionDriver::Lines;

TEST(SessionTest, ARoundFromJoiningToTheAnswer) {
  SessionDriver session;
  EXPECT_THAT(session.Next(), ElementsAre("join #1"));
  EXPECT_THAT(session.JoinAs("s"), ElementsAre("up", "poll #2 s busy="));
  EXPECT_THAT(session.Answer(TrainTask(1)),
              ElementsAre("started 1:a", "poll #3 s busy=1:a", "fetch s"));
  EXPECT_THAT(session.DeliverModel(), ElementsAre("job #4 1:a"));
  EXPECT_THAT(session.FinishTraining(), ElementsAre("submit #5 s 1:a from 0"));
  EXPECT_THAT(session.Feed(Submitted{5, SubmitAnswer{}}),
              ElementsAre("accepted 1:a", "poll #6 s busy="));
  EXPECT_THAT(session.Feed(Polled{3, PollAnswer(Wait{})}), IsEmpty())
      << "the poll that #6 took the place of";
  EXPECT_THAT(session.Answer(TrainTask(2)),
              ElementsAre("started 2:a", "poll #7 s busy=2:a", "fetch s"));
}

TEST(SessionTest, AnEvaluationIsReported) {
  SessionDriver session;
  session.JoinAs("s");
  session.Answer(EvaluateTask(3));
  EXPECT_THAT(session.DeliverModel(), ElementsAre("job #4 eval:3:a"));
  EXPECT_THAT(session.Feed(Evaluated{4, Metrics{.num_examples = 5, .loss = 0.5}}),
              ElementsAre("report #5 s eval:3:a loss 0.5"));
  EXPECT_THAT(session.Feed(Reported{5, OkStatus()}),
              ElementsAre("evaluated eval:3:a", "poll #6 s busy="));
}

TEST(SessionTest, EveryOutcomeEndsTheTaskWithItsReason) {
  const std::pair<Outcome, std::string> cases[] = {{Outcome::kAccepted, "accepted 1:a"},
                                                   {Outcome::kRefused, "refused 1:a: why"},
                                                   {Outcome::kLate, "late 1:a: why"},
                                                   {Outcome::kSurplus, "surplus 1:a: why"}};
  for (const auto& [outcome, line] : cases) {
    SessionDriver session;
    session.ToUploading();
    const std::string reason = outcome == Outcome::kAccepted ? "" : "why";
    EXPECT_THAT(session.Feed(Submitted{session.exchange(), SubmitAnswer{outcome, reason}}),
                ElementsAre(line, "poll #6 s busy="));
    EXPECT_EQ(CurrentTask(session.state.work), nullptr);
  }
}

TEST(SessionTest, AFailureOfTheTrainerIsReportedWithItsMessage) {
  SessionDriver session;
  session.ToComputing();
  EXPECT_THAT(session.Feed(Trained{4, InvalidArgument("the data do not fit")}),
              ElementsAre("report #5 s 1:a the data do not fit"));
  EXPECT_THAT(session.Feed(Reported{5, OkStatus()}),
              ElementsAre("failed 1:a: the data do not fit", "poll #6 s busy="));
}

TEST(SessionTest, AnUpdateThatIsNotFiniteIsReportedAsRefused) {
  SessionDriver session;
  session.ToComputing();
  EXPECT_THAT(session.Feed(Trained{4, OutOfRange("the loss is NaN")}),
              ElementsAre("report #5 s 1:a refused: the loss is NaN"));
  EXPECT_THAT(session.Feed(Reported{5, OkStatus()}),
              ElementsAre("refused 1:a: the loss is NaN", "poll #6 s busy="));
}

TEST(SessionTest, AModelThatIsNotKeptAnyMoreIsAFailure) {
  SessionDriver session;
  session.ToFetching();
  EXPECT_THAT(session.FailModel(NotFound("gone")), ElementsAre("report #4 s 1:a gone"));
}

TEST(SessionTest, AModelThatComesDamagedIsFetchedAgainButNotForEver) {
  SessionDriver session;
  session.ToFetching();
  EXPECT_THAT(session.FailModel(DataLoss("bad")), IsEmpty());
  EXPECT_THAT(session.Next(), ElementsAre("fetch s"));
  EXPECT_THAT(session.FailModel(DataLoss("bad")), IsEmpty());
  EXPECT_THAT(session.Next(), ElementsAre("fetch s"));
  EXPECT_THAT(session.FailModel(DataLoss("bad")), ElementsAre("report #4 s 1:a bad"));
}

TEST(SessionTest, ACutFetchIsRepeatedForAsLongAsTheTaskLasts) {
  SessionDriver session;
  session.ToFetching();
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(session.FailModel(Unavailable("cut")), IsEmpty());
    EXPECT_THAT(session.Next(), ElementsAre("fetch s"));
  }
  EXPECT_THAT(session.Answer(Stop{"1:a", "the round is over"}),
              ElementsAre("stopped 1:a: the round is over", "poll #4 s busy="));
}

TEST(SessionTest, StopCancelsTheJob) {
  SessionDriver session;
  session.ToComputing();
  EXPECT_THAT(session.Answer(Stop{"1:a", "aborted"}),
              ElementsAre("cancel job #4", "stopped 1:a: aborted", "poll #5 s busy="));
  EXPECT_THAT(session.Feed(Trained{4, UpdateOf(1)}), IsEmpty())
      << "the cancelled job may finish all the same";
}

TEST(SessionTest, StopCancelsAnUpload) {
  SessionDriver session;
  session.ToUploading();
  EXPECT_THAT(session.Answer(Stop{"1:a", "aborted"}),
              ElementsAre("cancel #5", "stopped 1:a: aborted", "poll #6 s busy="));
}

TEST(SessionTest, StopOfAnotherTaskChangesNothing) {
  SessionDriver session;
  session.ToFetching(2);
  EXPECT_THAT(session.Answer(Stop{"1:a", "old"}), IsEmpty());
  EXPECT_EQ(CurrentTask(session.state.work)->id, "2:a");
}

TEST(SessionTest, ATaskOfferedTwiceIsBegunOnce) {
  SessionDriver session;
  session.ToComputing();
  EXPECT_THAT(session.Answer(TrainTask(1)), IsEmpty());
  EXPECT_EQ(session.job(), 4U);
}

TEST(SessionTest, ANewerTaskReplacesTheOneInTraining) {
  SessionDriver session;
  session.ToComputing();
  EXPECT_THAT(session.Answer(TrainTask(2)),
              ElementsAre("cancel job #4", "stopped 1:a: a newer task was offered", "started 2:a",
                          "poll #5 s busy=2:a", "fetch s"));
}

TEST(SessionTest, ATaskThatComesBeforeTheAnswerToAnUploadWaitsForIt) {
  SessionDriver session;
  session.ToUploading();
  EXPECT_THAT(session.Answer(TrainTask(2)), ElementsAre("poll #6 s busy=2:a"));
  EXPECT_THAT(session.Feed(Submitted{5, SubmitAnswer{}}),
              ElementsAre("accepted 1:a", "started 2:a", "fetch s"));
}

TEST(SessionTest, AWaitingTaskReplacesAnUploadThatFails) {
  SessionDriver session;
  session.ToUploading();
  session.Answer(TrainTask(2));
  EXPECT_THAT(session.Feed(Submitted{5, Unavailable("cut")}),
              ElementsAre("stopped 1:a: cut", "started 2:a", "fetch s"));
}

TEST(SessionTest, StopOfAWaitingTaskLeavesTheUpload) {
  SessionDriver session;
  session.ToUploading();
  session.Answer(TrainTask(2));
  EXPECT_THAT(session.Answer(Stop{"2:a", "aborted"}), ElementsAre("poll #7 s busy=1:a"));
  EXPECT_THAT(session.Feed(Submitted{5, SubmitAnswer{}}),
              ElementsAre("accepted 1:a", "poll #8 s busy="));
}

TEST(SessionTest, WaitIsHonoured) {
  SessionDriver session;
  session.JoinAs("s");
  const TimePoint before = session.now;
  EXPECT_THAT(session.Answer(Wait{Duration(7'000)}), IsEmpty());
  EXPECT_EQ(session.deadline(), before + Duration(7'000));
  EXPECT_THAT(session.Next(), ElementsAre("poll #3 s busy="));
}

TEST(SessionTest, AWaitOfNothingIsNoBusyLoop) {
  SessionDriver session;
  session.JoinAs("s");
  EXPECT_THAT(session.Answer(Wait{Duration(0)}), IsEmpty());
  EXPECT_GT(session.deadline(), session.now);
}

TEST(SessionTest, GoneForNowComesBackAndKeepsTheWork) {
  SessionDriver session;
  session.ToUploading();
  const TimePoint before = session.now;
  EXPECT_THAT(session.Answer(Gone{"shutting down", Duration(2'000)}),
              ElementsAre("lost: shutting down", "cancel #5"));
  EXPECT_EQ(session.deadline(), before + Duration(2'000));
  EXPECT_THAT(session.Next(), ElementsAre("join #6"));
  EXPECT_THAT(session.JoinAs("t"), ElementsAre("up", "poll #7 t busy=1:a", "status #8 t 1:a"));
}

TEST(SessionTest, GoneForEverEndsTheSession) {
  SessionDriver session;
  session.JoinAs("s");
  EXPECT_THAT(session.Answer(Gone{"not wanted", Duration(0)}),
              ElementsAre("ended ABORTED: the coordinator ended the session: not wanted"));
  EXPECT_TRUE(session.state.ended());
  EXPECT_EQ(NextDeadline(session.state), std::nullopt);
}

TEST(SessionTest, ShutdownStopsTheWorkAndLeaves) {
  SessionDriver session;
  session.ToComputing();
  EXPECT_THAT(
      session.Feed(Shutdown{}),
      ElementsAre("cancel job #4", "stopped 1:a: the client stops", "cancel #3", "leave #5 s"));
  EXPECT_THAT(session.Feed(Left{5}), ElementsAre("ended OK"));
}

TEST(SessionTest, ShutdownDoesNotWaitLongForTheCoordinator) {
  SessionDriver session;
  session.JoinAs("s");
  const TimePoint before = session.now;
  session.Feed(Shutdown{});
  EXPECT_THAT(session.Next(), ElementsAre("cancel #3", "ended OK"));
  EXPECT_EQ(session.now, before + session.policy.leave_limit);
}

TEST(SessionTest, ShutdownWhileAwayEndsAtOnce) {
  SessionDriver session;
  EXPECT_THAT(session.Feed(Shutdown{}), ElementsAre("ended OK"));
}

TEST(SessionTest, ARefusedJoinEndsTheSession) {
  for (const StatusCode code : {StatusCode::kFailedPrecondition, StatusCode::kInvalidArgument,
                                StatusCode::kPermissionDenied}) {
    SessionDriver session;
    session.Next();
    const Lines lines = session.Feed(Joined{1, Status(code, "no")});
    ASSERT_FALSE(lines.empty());
    EXPECT_THAT(lines.back(), ::testing::StartsWith("ended "));
    EXPECT_TRUE(session.state.ended());
  }
}

// One such answer may be what damage made of another.
TEST(SessionTest, AServerThatKeepsNotKnowingJoinIsNoCoordinator) {
  SessionDriver session;
  for (CallId join = 1; join <= 3; ++join) {
    ASSERT_FALSE(session.state.ended());
    session.Next();
    session.Feed(Joined{join, Status(StatusCode::kUnimplemented, "")});
  }
  EXPECT_TRUE(session.state.ended());
}

}  // namespace
}  // namespace fedge::client
