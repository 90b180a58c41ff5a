#include "fedge/client/reporter.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session_driver.h"

namespace fedge::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReporterTest : public ::testing::Test {
 protected:
  Reporter Make(std::size_t clients) {
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < clients; ++i) ids.push_back(fmt::format("c{}", i));
    return Reporter("host:1", ids, [this](log::Level level, std::string_view line) {
      if (level != log::Level::kDebug) lines_.emplace_back(line);
    });
  }
  static TaskEnded End(std::uint64_t round, TaskEnd end, std::string reason = {}) {
    return {.task = TrainTask(round), .end = end, .reason = std::move(reason)};
  }

  std::vector<std::string> lines_;
  TimePoint now_{Duration(1'000'000)};
};

TEST_F(ReporterTest, ARoundIsWrittenOnceAllClientsAreDone) {
  Reporter reporter = Make(2);
  for (const std::size_t client : {0U, 1U}) reporter.On(client, TaskStarted{TrainTask(1)}, now_);
  reporter.On(0, End(1, TaskEnd::kAccepted), now_);
  reporter.Flush(now_);
  EXPECT_THAT(lines_, IsEmpty());
  now_ += Duration(1'500);
  reporter.On(1, End(1, TaskEnd::kLate), now_);
  reporter.Flush(now_);
  EXPECT_THAT(lines_, ElementsAre("round ended round=1 clients=2 accepted=1 late=1 seconds=1.500"));
  EXPECT_EQ(reporter.NextDeadline(), std::nullopt);
}

TEST_F(ReporterTest, ARoundOfSomeClientsIsWrittenWhenItHasSettled) {
  Reporter reporter = Make(10);
  reporter.On(3, TaskStarted{TrainTask(1)}, now_);
  reporter.On(3, End(1, TaskEnd::kAccepted), now_);
  reporter.Flush(now_);
  EXPECT_THAT(lines_, IsEmpty());
  ASSERT_TRUE(reporter.NextDeadline().has_value());
  now_ = *reporter.NextDeadline();
  reporter.Flush(now_);
  EXPECT_EQ(lines_.size(), 1U);
}

TEST_F(ReporterTest, ALossThatIsNotANumberHasNoSign) {
  Reporter reporter = Make(1);
  reporter.On(0, TaskStarted{TrainTask(1)}, now_);
  TaskEnded ended = End(1, TaskEnd::kEvaluated);
  ended.evaluation = {.num_examples = 5, .loss = -std::numeric_limits<double>::quiet_NaN()};
  reporter.On(0, ended, now_);
  reporter.Flush(now_);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr(" loss=NaN ")));
}

TEST_F(ReporterTest, ANewerRoundWritesTheOneBefore) {
  Reporter reporter = Make(10);
  reporter.On(3, TaskStarted{TrainTask(1)}, now_);
  reporter.On(3, End(1, TaskEnd::kAccepted), now_);
  reporter.On(3, TaskStarted{TrainTask(2)}, now_);
  reporter.Flush(now_);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("round=1 clients=1 accepted=1")));
}

TEST_F(ReporterTest, OneRefusalOfARoundIsToldTheRestIsCounted) {
  Reporter reporter = Make(3);
  for (const std::size_t client : {0U, 1U, 2U})
    reporter.On(client, TaskStarted{TrainTask(1)}, now_);
  for (const std::size_t client : {0U, 1U, 2U})
    reporter.On(client, End(1, TaskEnd::kRefused, "not finite"), now_);
  reporter.Flush(now_);
  EXPECT_THAT(lines_, ElementsAre("task refused client=c0 task=1:a round=1: not finite",
                                  HasSubstr("refused=3")));
}

TEST_F(ReporterTest, ALongOutageIsAFewLines) {
  Reporter reporter = Make(1);
  for (int second = 0; second < 3600; ++second) {
    reporter.On(0, LinkLost{Unavailable("refused"), Duration(1'000)}, now_);
    now_ += Duration(1'000);
  }
  EXPECT_LE(lines_.size(), 20U);
  EXPECT_EQ(lines_[0], "cannot reach coordinator host:1: refused; retrying in 1.0 s clients=1");
}

TEST_F(ReporterTest, AnIdInUseIsNotCalledUnreachable) {
  Reporter reporter = Make(1);
  reporter.On(0, LinkLost{AlreadyExists("another client is 'c0'"), Duration(2'000)}, now_);
  EXPECT_THAT(
      lines_,
      ElementsAre("coordinator host:1: another client is 'c0'; retrying in 2.0 s client=c0"));
}

TEST_F(ReporterTest, SomeConnectedClientsAreToldAfterAWhile) {
  Reporter reporter = Make(3);
  reporter.On(1, LinkUp{"c"}, now_);
  reporter.Flush(now_);
  EXPECT_THAT(lines_, IsEmpty());
  now_ = *reporter.NextDeadline();
  reporter.Flush(now_);
  EXPECT_THAT(lines_, ElementsAre("connected coordinator=host:1 clients=1 of=3"));
}

TEST_F(ReporterTest, TheSameEndOfManySessionsIsOneLine) {
  Reporter reporter = Make(50);
  for (std::size_t i = 0; i < 50; ++i)
    reporter.On(i, SessionEnded{FailedPrecondition("protocol 1 is not spoken")}, now_);
  EXPECT_THAT(lines_, ElementsAre("session ended client=c0: protocol 1 is not spoken"));
}

TEST_F(ReporterTest, FinishWritesWhatIsOpen) {
  Reporter reporter = Make(2);
  reporter.On(0, TaskStarted{TrainTask(1)}, now_);
  reporter.On(0, End(1, TaskEnd::kStopped, "the client stops"), now_);
  reporter.Finish(now_);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("stopped=1")));
}

}  // namespace
}  // namespace fedge::client
