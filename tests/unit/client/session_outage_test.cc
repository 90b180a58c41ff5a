// What becomes of a session when the connection is cut, the coordinator restarts, or answers come
// late or twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/client/session.h"
#include "session_driver.h"

namespace fedge::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Lines = SessionDriver::Lines;

TEST(SessionOutageTest, TheFirstConnectionIsTriedForEverByDefault) {
  SessionDriver session;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_THAT(session.Next(), ElementsAre(StartsWith("join #")));
    ASSERT_THAT(session.Feed(Joined{session.join(), Unavailable("refused")}),
                ElementsAre("lost: refused"));
  }
  EXPECT_THAT(session.JoinAs("s"), ElementsAre("up", StartsWith("poll #")));
}

TEST(SessionOutageTest, EndsAfterTheReconnectLimit) {
  SessionDriver session(Policy{.reconnect_limit = Duration(60'000)});
  const TimePoint begin = session.now;
  Lines lines;
  while (!session.state.ended()) {
    session.Next();
    lines = session.Feed(Joined{session.join(), Unavailable("refused")});
    ASSERT_LE(session.now, begin + Duration(60'000));
  }
  EXPECT_THAT(lines, ElementsAre("ended UNAVAILABLE: refused"));
  EXPECT_EQ(session.now, begin + Duration(60'000));
}

TEST(SessionOutageTest, TheReconnectLimitCountsFromTheLastContact) {
  SessionDriver session(Policy{.reconnect_limit = Duration(60'000)});
  session.JoinAs("s");
  session.now += Duration(3'600'000);
  EXPECT_THAT(session.FailPoll(Unavailable("cut")), ElementsAre("lost: cut"));
  EXPECT_FALSE(session.state.ended());
}

TEST(SessionOutageTest, ACutPollIsRepeatedInTheSameSession) {
  SessionDriver session;
  session.JoinAs("s");
  EXPECT_THAT(session.FailPoll(Unavailable("cut")), ElementsAre("lost: cut"));
  EXPECT_THAT(session.Next(), ElementsAre("poll #3 s busy="));
  EXPECT_THAT(session.Answer(TrainTask(1)),
              ElementsAre("up", "started 1:a", "poll #4 s busy=1:a", "fetch s"));
}

TEST(SessionOutageTest, AnUnknownSessionJoinsAgainAtOnce) {
  SessionDriver session;
  session.JoinAs("s");
  session.Answer(Wait{Duration(10)});
  session.Next();
  EXPECT_THAT(session.FailPoll(Unauthenticated("who?")), ElementsAre("join #4"));
}

TEST(SessionOutageTest, JoiningAndBeingUnknownInTurnIsNoBusyLoop) {
  SessionDriver session;
  const TimePoint begin = session.now;
  for (int i = 0; i < 100; ++i) {
    session.JoinAs("s");
    session.FailPoll(Unauthenticated("who?"));
  }
  EXPECT_GT(session.now - begin, Duration(60'000));
}

TEST(SessionOutageTest, TrainingGoesOnOverARestartOfTheCoordinator) {
  SessionDriver session;
  session.ToComputing();
  session.FailPoll(Unavailable("cut"));
  EXPECT_THAT(session.FinishTraining(), ElementsAre("submit #5 s 1:a from 0"));
  EXPECT_THAT(session.Feed(Submitted{5, Unauthenticated("who?")}), ElementsAre("join #6"));
  EXPECT_THAT(session.JoinAs("t"), ElementsAre("up", "poll #7 t busy=1:a", "status #8 t 1:a"));
  EXPECT_THAT(session.Feed(UploadChecked{8, UploadProgress{0, false}}),
              ElementsAre("submit #9 t 1:a from 0"));
  EXPECT_THAT(session.Feed(Submitted{9, SubmitAnswer{}}),
              ElementsAre("accepted 1:a", "poll #10 t busy="));
}

TEST(SessionOutageTest, AnUpdateFinishedWhileAwayIsSubmittedAfterwards) {
  SessionDriver session;
  session.ToComputing();
  session.Answer(Gone{"restarting", Duration(5'000)});
  EXPECT_THAT(session.FinishTraining(), IsEmpty());
  EXPECT_THAT(session.Next(), ElementsAre("join #5"));
  EXPECT_THAT(session.JoinAs("t"),
              ElementsAre("up", "poll #6 t busy=1:a", "submit #7 t 1:a from 0"));
}

TEST(SessionOutageTest, ACutUploadGoesOnWhereItStopped) {
  SessionDriver session;
  session.ToUploading();
  EXPECT_THAT(session.Feed(Submitted{5, Unavailable("cut")}), IsEmpty());
  EXPECT_THAT(session.Next(), ElementsAre("status #6 s 1:a"));
  EXPECT_THAT(session.Feed(UploadChecked{6, UploadProgress{64, false}}),
              ElementsAre("submit #7 s 1:a from 64"));
}

TEST(SessionOutageTest, AnUploadWhoseAnswerWasLostIsNotRepeated) {
  SessionDriver session;
  session.ToUploading();
  session.Feed(Submitted{5, Unavailable("cut")});
  session.Next();
  EXPECT_THAT(session.Feed(UploadChecked{6, UploadProgress{100, true}}),
              ElementsAre("accepted 1:a", "poll #7 s busy="));
}

TEST(SessionOutageTest, AnImpossibleProgressBeginsAgain) {
  SessionDriver session;
  session.ToUploading();
  session.Feed(Submitted{5, Unavailable("cut")});
  session.Next();
  EXPECT_THAT(session.Feed(UploadChecked{6, UploadProgress{101, false}}),
              ElementsAre("submit #7 s 1:a from 0"));
}

TEST(SessionOutageTest, ACheckThatIsCutIsRepeated) {
  SessionDriver session;
  session.ToUploading();
  session.Feed(Submitted{5, Unavailable("cut")});
  session.Next();
  EXPECT_THAT(session.Feed(UploadChecked{6, DeadlineExceeded("slow")}), IsEmpty());
  EXPECT_THAT(session.Next(), ElementsAre("status #7 s 1:a"));
}

TEST(SessionOutageTest, AnUploadTheCoordinatorForgotIsSentWhole) {
  SessionDriver session;
  session.ToUploading();
  session.Feed(Submitted{5, Unavailable("cut")});
  session.Next();
  EXPECT_THAT(session.Feed(UploadChecked{6, NotFound("no such task")}),
              ElementsAre("submit #7 s 1:a from 0"));
}

TEST(SessionOutageTest, AChunkDamagedOnItsWayIsSentAgain) {
  SessionDriver session;
  session.ToUploading();
  EXPECT_THAT(session.Feed(Submitted{5, DataLoss("crc")}), IsEmpty());
  EXPECT_THAT(session.Next(), ElementsAre("status #6 s 1:a"));
}

TEST(SessionOutageTest, ASubmitThatCanNeverSucceedIsGivenUp) {
  SessionDriver session;
  session.ToUploading();
  EXPECT_THAT(session.Feed(Submitted{5, InvalidArgument("no such codec")}),
              ElementsAre("refused 1:a: no such codec", "poll #6 s busy="));
}

TEST(SessionOutageTest, AReportIsRepeatedUntilItIsHeard) {
  SessionDriver session;
  session.ToComputing();
  session.Feed(Trained{4, InvalidArgument("nan")});
  EXPECT_THAT(session.Feed(Reported{5, Unavailable("cut")}), IsEmpty());
  EXPECT_THAT(session.Next(), ElementsAre("report #6 s 1:a nan"));
  EXPECT_THAT(session.Feed(Reported{6, Unauthenticated("who?")}),
              ElementsAre("cancel #3", StartsWith("join #")))
      << "the answer to the poll has not come yet";
}

TEST(SessionOutageTest, AServerWithoutRoomIsLeftAloneForAsLongAsItAsks) {
  SessionDriver session;
  session.ToUploading();
  const TimePoint before = session.now;
  session.Feed(Submitted{5, ResourceExhausted("full"), Duration(9'000)});
  EXPECT_GE(session.deadline(), before + Duration(9'000));
}

TEST(SessionOutageTest, AnIdInUseIsTriedForAWhile) {
  SessionDriver session(Policy{.duplicate_id_limit = Duration(30'000)});
  const TimePoint begin = session.now;
  Lines lines;
  while (!session.state.ended()) {
    session.Next();
    lines = session.Feed(Joined{session.join(), AlreadyExists("id 'a' is in use")});
    ASSERT_LE(session.now, begin + Duration(120'000));
  }
  EXPECT_THAT(lines, ElementsAre("ended ALREADY_EXISTS: id 'a' is in use"));
  EXPECT_GE(session.now, begin + Duration(30'000));
}

TEST(SessionOutageTest, AnswersOfCallsThatAreNotOpenAreIgnored) {
  SessionDriver session;
  session.ToUploading();
  const CallId stale = 99;
  EXPECT_THAT(session.Feed(Joined{stale, SessionTerms{.session = "x"}}), IsEmpty());
  EXPECT_THAT(session.Feed(Polled{stale, PollAnswer(TrainTask(7))}), IsEmpty());
  EXPECT_THAT(session.Feed(Submitted{stale, SubmitAnswer{}}), IsEmpty());
  EXPECT_THAT(session.Feed(UploadChecked{stale, UploadProgress{0, true}}), IsEmpty());
  EXPECT_THAT(session.Feed(Reported{stale, OkStatus()}), IsEmpty());
  EXPECT_THAT(session.Feed(Trained{stale, UpdateOf(1)}), IsEmpty());
  EXPECT_THAT(session.Feed(Evaluated{stale, Metrics{}}), IsEmpty());
  EXPECT_THAT(session.Feed(Left{stale}), IsEmpty());
  EXPECT_EQ(session.exchange(), 5U);
}

// Every event in every state: none crashes, and nothing but a call that is open is ever cancelled
// or answered.
TEST(SessionOutageTest, EveryEventIsTakenInEveryState) {
  const std::vector<std::function<void(SessionDriver&)>> states = {
      [](SessionDriver&) {},
      [](SessionDriver& s) { s.Next(); },
      [](SessionDriver& s) { s.JoinAs("s"); },
      [](SessionDriver& s) { s.ToFetching(); },
      [](SessionDriver& s) { s.ToComputing(); },
      [](SessionDriver& s) { s.ToUploading(); },
      [](SessionDriver& s) { s.ToUploading(), s.Answer(TrainTask(2)); },
      [](SessionDriver& s) {
        s.ToUploading(), s.Feed(Submitted{s.exchange(), Unavailable("cut")});
      },
      [](SessionDriver& s) {
        s.ToUploading(), s.Answer(Gone{"later", Duration(1'000)});
      },
      [](SessionDriver& s) { s.ToFetching(), s.FailModel(NotFound("gone")); },
      [](SessionDriver& s) { s.JoinAs("s"), s.Feed(Shutdown{}); },
      [](SessionDriver& s) { s.Feed(Shutdown{}); }};
  const auto events = [](CallId id) {
    const Digest model = TrainTask(1).model.digest;
    return std::vector<Event>{Tick{},
                              Shutdown{},
                              Joined{id, SessionTerms{.session = "n"}},
                              Joined{id, Unavailable("x")},
                              Joined{id, AlreadyExists("x")},
                              Joined{id, FailedPrecondition("x")},
                              Polled{id, PollAnswer(TrainTask(1))},
                              Polled{id, PollAnswer(TrainTask(3))},
                              Polled{id, PollAnswer(EvaluateTask(3))},
                              Polled{id, PollAnswer(Stop{"1:a", "x"})},
                              Polled{id, PollAnswer(Wait{Duration(5)})},
                              Polled{id, PollAnswer(Gone{"x", Duration(5)})},
                              Polled{id, PollAnswer(Gone{"x", Duration(0)})},
                              Polled{id, Unauthenticated("x")},
                              Polled{id, Unavailable("x")},
                              Polled{id, PermissionDenied("x")},
                              ModelReady{model, std::shared_ptr<const GlobalModel>()},
                              ModelReady{model, Unavailable("x")},
                              ModelReady{model, InvalidArgument("x")},
                              Trained{id, UpdateOf(8)},
                              Trained{id, InvalidArgument("x")},
                              Evaluated{id, Metrics{}},
                              UploadChecked{id, UploadProgress{4, false}},
                              UploadChecked{id, Unavailable("x")},
                              UploadChecked{id, Unauthenticated("x")},
                              Submitted{id, SubmitAnswer{}},
                              Submitted{id, Unauthenticated("x")},
                              Submitted{id, InvalidArgument("x")},
                              Reported{id, OkStatus()},
                              Reported{id, Unavailable("x")},
                              Left{id}};
  };
  for (std::size_t s = 0; s < states.size(); ++s) {
    for (CallId id = 1; id <= 7; ++id) {
      for (const Event& event : events(id)) {
        SessionDriver session;
        states[s](session);
        const std::uint64_t last_id = session.state.last_id;
        const bool was_over = session.state.ended();
        const Lines lines = session.Feed(event);
        if (was_over) {
          EXPECT_THAT(lines, IsEmpty()) << "state " << s;
        }
        EXPECT_LE(session.state.last_id, last_id + 3) << "state " << s;
        EXPECT_EQ(
            NextDeadline(session.state).has_value() || session.poll() != 0 || session.join() != 0,
            !session.state.ended())
            << "state " << s << " event " << event.index()
            << ": a session that is not over waits for something";
      }
    }
  }
}

TEST(BackoffTest, StaysBelowItsCeilingAndSpreadsOverAllOfIt) {
  Random random(7);
  const Duration base(500);
  const Duration cap(30'000);
  for (int failures = 0; failures < 12; ++failures) {
    const Duration ceiling = std::min(cap, base * (1 << failures));
    Duration low = cap;
    Duration high{0};
    for (int i = 0; i < 2000; ++i) {
      Backoff backoff;
      for (int j = 0; j < failures; ++j) backoff.Next(base, cap, random);
      const Duration delay = backoff.Next(base, cap, random);
      ASSERT_LE(delay, ceiling);
      low = std::min(low, delay);
      high = std::max(high, delay);
    }
    EXPECT_LT(low, ceiling / 20);
    EXPECT_GT(high, ceiling * 19 / 20);
  }
}

TEST(BackoffTest, IsTheSameForTheSameSeed) {
  Random a(3);
  Random b(3);
  Backoff x;
  Backoff y;
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(x.Next(Duration(500), Duration(9'000), a), y.Next(Duration(500), Duration(9'000), b));
}

}  // namespace
}  // namespace fedge::client
