#include "fedge/fedctl/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/cli/text.h"
#include "samples.h"

namespace fedge::fedctl {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::uint64_t> Ids(const std::vector<v1::RoundSummary>& rounds) {
  std::vector<std::uint64_t> ids;
  for (const v1::RoundSummary& round : rounds) ids.push_back(round.round());
  return ids;
}

v1::CoordinatorStatus Pending(std::uint64_t round) {
  v1::CoordinatorStatus status = SampleStatus(round);
  status.set_evaluation_pending(true);
  return status;
}

TEST(RunProgressTest, ARoundWaitsForItsEvaluation) {
  RunProgress progress(1);
  progress.Apply(Message(Pending(2), {SampleRound(1)}));
  EXPECT_THAT(Ids(progress.TakeFinished()), IsEmpty());
  progress.Apply(Message(SampleStatus(2), {SampleRound(1, 0.9)}));
  EXPECT_THAT(Ids(progress.TakeFinished()), ElementsAre(1));
  EXPECT_THAT(Ids(progress.TakeFinished()), IsEmpty());
  EXPECT_EQ(progress.last_taken(), 1u);
}

TEST(RunProgressTest, WithoutAnEvaluatorARoundIsShownAtOnce) {
  RunProgress progress(1);
  progress.Apply(Message(SampleStatus(2), {SampleRound(1)}));
  EXPECT_THAT(Ids(progress.TakeFinished()), ElementsAre(1));
}

TEST(RunProgressTest, RoundsComeInOrder) {
  RunProgress progress(1);
  progress.Apply(Message(Pending(3), {SampleRound(1), SampleRound(2)}));
  EXPECT_THAT(Ids(progress.TakeFinished()), IsEmpty());
  // The evaluation of 2 is in: that of 1 will not come any more.
  progress.Apply(Message(Pending(3), {SampleRound(2, 0.8)}));
  EXPECT_THAT(Ids(progress.TakeFinished()), ElementsAre(1, 2));
}

TEST(RunProgressTest, AFailedRoundNeedsNoEvaluation) {
  v1::RoundSummary failed = SampleRound(1);
  failed.set_phase(v1::ERROR);
  RunProgress progress(1);
  progress.Apply(Message(Pending(2), {failed}));
  EXPECT_THAT(Ids(progress.TakeFinished()), ElementsAre(1));
}

TEST(RunProgressTest, NothingIsHeldBackAtTheEnd) {
  RunProgress progress(1);
  progress.Apply(Message(Pending(2), {SampleRound(1)}));
  EXPECT_THAT(Ids(progress.TakeFinished(/*all=*/true)), ElementsAre(1));
}

TEST(RunProgressTest, IgnoresOtherRunsAndRoundsThatWereTaken) {
  v1::RoundSummary other = SampleRound(7);
  other.set_run(2);
  RunProgress progress(1);
  progress.Apply(Message(SampleStatus(2), {SampleRound(1), other}));
  EXPECT_THAT(Ids(progress.TakeFinished()), ElementsAre(1));
  progress.Apply(Message(SampleStatus(2), {SampleRound(1, 0.9)}));
  EXPECT_THAT(Ids(progress.TakeFinished()), IsEmpty());
}

TEST(RunProgressTest, CountsTheBytesOfEveryRoundOnce) {
  RunProgress progress(1);
  progress.Apply(Message(SampleStatus(3), {SampleRound(1)}));
  progress.TakeFinished();
  progress.Apply(Message(Pending(3), {SampleRound(2)}));
  EXPECT_EQ(progress.bytes_down(), 2u * 530'000 + 300'000);
  EXPECT_EQ(progress.bytes_up(), 2u * 520'000 + 200'000);
  progress.Apply(Message(EndedStatus(3)));
  progress.TakeFinished();
  EXPECT_EQ(progress.bytes_down(), 3u * 530'000);
}

TEST(RunProgressTest, PaceKnowsRoundsDoneAndLeft) {
  RunProgress progress(1);
  progress.Apply(Message(SampleStatus(2), {SampleRound(1)}));
  progress.TakeFinished();
  const Pace pace = progress.PaceAt(TimePoint(Duration(kStart + 4700)));
  EXPECT_THAT(pace.finished, ElementsAre(Duration(1500)));
  EXPECT_TRUE(pace.in_round);
  EXPECT_EQ(pace.elapsed, Duration(700));
  EXPECT_EQ(pace.accepted, 32u);
  EXPECT_EQ(pace.needed, 50u);
  EXPECT_EQ(pace.rounds_left, 1u);
  // A clock that is behind the coordinator's.
  EXPECT_EQ(progress.PaceAt(TimePoint{}).elapsed, Duration(0));
}

TEST(RoundLineTest, HasCountsBytesTimeAndScores) {
  v1::RunPlan plan;
  plan.set_num_rounds(10);
  plan.set_num_clients(50);
  EXPECT_EQ(
      RoundLine(SampleRound(4, 0.9312), plan),
      "round  4/10  accepted 50/50  held-out loss 0.3000  accuracy 93.12 %  local loss 0.2500  "
      "refused 1  late 0  down 530.0 kB  up 520.0 kB  1.50 s");
  EXPECT_THAT(RoundLine(SampleRound(4), plan),
              ::testing::HasSubstr("  local loss 0.2500  accuracy 90.00 %  "));
  v1::RoundSummary failed = SampleRound(10);
  failed.set_phase(v1::ERROR);
  failed.set_error("3 of 50 updates at the deadline\033[31m");
  EXPECT_EQ(RoundLine(failed, plan), "round 10/10  failed: 3 of 50 updates at the deadline?[31m");
}

TEST(WaitingLineTest, SaysHowManyAreMissing) {
  v1::CoordinatorStatus status = SampleStatus(1);
  EXPECT_EQ(WaitingLine(status), "");
  status.set_phase(v1::INITIALIZING);
  status.set_clients_waited_for(3);
  status.set_num_trainers(47);
  EXPECT_EQ(WaitingLine(status), "waiting for 3 more clients (47 joined)");
  status.set_clients_waited_for(1);
  EXPECT_EQ(WaitingLine(status), "waiting for 1 more client (47 joined)");
}

TEST(RunEndLineTest, TellsHowItWent) {
  RunProgress progress(1);
  progress.Apply(Message(EndedStatus(3), {SampleRound(3, 0.97)}));
  progress.TakeFinished();
  EXPECT_EQ(RunEndLine(progress),
            "run 1 completed: 3 of 3 rounds in 8.00 s, held-out loss 0.3000  accuracy 97.00 %");
  v1::CoordinatorStatus status = EndedStatus(2);
  status.mutable_run()->mutable_plan()->set_until("accuracy>=0.9");
  status.mutable_run()->set_goal_reached(true);
  RunProgress reached(1);
  reached.Apply(Message(status));
  EXPECT_EQ(RunEndLine(reached), "run 1 completed: 2 of 3 rounds in 8.00 s, reached accuracy>=0.9");
  status.mutable_run()->set_goal_reached(false);
  status.mutable_run()->set_error("quorum missed");
  RunProgress failed(1);
  failed.Apply(Message(status));
  EXPECT_EQ(RunEndLine(failed), "run 1 failed: 2 of 3 rounds in 8.00 s");
}

class ProgressBlockTest : public ::testing::Test {
 protected:
  ProgressBlockTest() {
    progress_.Apply(Message(SampleStatus(3), {SampleRound(1, 0.8), SampleRound(2, 0.9)}));
    progress_.TakeFinished();
  }
  std::vector<std::string> Block(BlockOptions options) {
    options.now = TimePoint(Duration(kStart + 6500));
    return ProgressBlock(progress_, options);
  }
  RunProgress progress_{1};
};

TEST_F(ProgressBlockTest, ShowsEverythingOnAWideTerminal) {
  const std::vector<std::string> lines = Block({.width = 160, .height = 24});
  EXPECT_THAT(lines,
              ElementsAre("run 1  round 3 of 3  TRAINING  6.50 s  ETA 1.00 s",
                          StartsWith("updates   \xE2\x96\x88"),
                          "clients   selected 60  training 18  accepted 32  refused 0  late 2",
                          "traffic   down 1.36 MB  up 1.24 MB",
                          "held out  loss 0.3000  accuracy 90.00 %  (after round 2)",
                          StartsWith("round 1/3  accepted 50/50"),
                          StartsWith("round 2/3  accepted 50/50")));
  EXPECT_THAT(lines[1], HasSubstr(" 32/50"));
}

TEST_F(ProgressBlockTest, FitsAnyTerminal) {
  for (const std::size_t width : {1u, 10u, 20u, 40u, 79u}) {
    for (const std::size_t height : {1u, 2u, 5u, 7u, 24u}) {
      const std::vector<std::string> lines = Block({.width = width, .height = height});
      EXPECT_LE(lines.size(), std::max<std::size_t>(height, 2) - 1);
      EXPECT_FALSE(lines.empty());
      for (const std::string& line : lines) EXPECT_LE(cli::Columns(line), width) << line;
    }
  }
}

TEST_F(ProgressBlockTest, ShowsNoticesAndWhoIsMissing) {
  v1::CoordinatorStatus status = SampleStatus(3);
  status.set_phase(v1::INITIALIZING);
  status.set_clients_waited_for(2);
  progress_.Apply(Message(status));
  const auto lines = Block({.width = 160, .height = 24, .notice = "connection lost\033[2J"});
  EXPECT_THAT(lines, ::testing::Contains("waiting for 2 more clients (60 joined)"));
  EXPECT_THAT(lines, ::testing::Contains("connection lost?[2J"));
}

TEST_F(ProgressBlockTest, IsColouredOnlyWhenAskedFor) {
  EXPECT_THAT(Block({.width = 160, .height = 24}), Each(Not(HasSubstr("\033"))));
  EXPECT_THAT(Block({.width = 160, .height = 24, .color = true}).front(),
              HasSubstr("\033[36mTRAINING\033[0m"));
}

}  // namespace
}  // namespace fedge::fedctl
