#include "fedge/client/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_coordinator.h"
#include "fake_trainer.h"
#include "fedge/common/file.h"
#include "fedge/testing/fake_clock.h"
#include "fedge/testing/temp_directory.h"

namespace fedge::client {
namespace {

using ::testing::AllOf;
using ::testing::ContainerEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RuntimeTest : public ::testing::Test {
 protected:
  // Clients "a", "b" ... or "c0", "c1" ... if there are many.
  void Start(std::size_t num_clients, std::size_t num_workers = 1, RuntimeOptions options = {}) {
    std::vector<Profile> profiles(num_clients);
    for (std::size_t i = 0; i < num_clients; ++i) {
      profiles[i].id =
          num_clients <= 26 ? std::string(1, static_cast<char>('a' + i)) : fmt::format("c{}", i);
      ids_.push_back(profiles[i].id);
    }
    coordinator_.emplace(ids_, mailbox_);
    content_ = *ReadFile(std::string(FEDGE_CLIENT_TEST_DATA) + "/linear.pt");
    model_ = coordinator_->Keep(content_);
    options.coordinator = "host:1";
    options.cache_folder = folder_.path();
    options.log = [this](log::Level level, std::string_view line) {
      if (level != log::Level::kDebug) lines_.emplace_back(line);
    };
    runtime_.emplace(std::move(options), profiles,
                     Runtime::Surroundings{*coordinator_, mailbox_, clock_},
                     FakeTrainers(num_workers, script_));
  }

  // Lets things happen, time included, until `done` holds; fails the test if that takes too long.
  void Until(const std::function<bool()>& done) {
    for (int i = 0; i < 100'000; ++i) {
      if (done()) return;
      runtime_->Turn(Duration(1));
      clock_.Advance(Duration(20));
    }
    FAIL() << "it never happened";
  }
  void UntilAllPoll() {
    Until([&] { return coordinator_->num_polling() == ids_.size(); });
  }
  void UntilAccepted(std::size_t count) {
    Until([&] { return coordinator_->accepted.size() == count; });
  }
  void OfferRound(std::uint64_t round) {
    for (const std::string& id : ids_) coordinator_->Offer(id, TaskFor(id, round));
  }
  Task TaskFor(const std::string& id, std::uint64_t round) const {
    return {.kind = Task::Kind::kTrain,
            .id = fmt::format("{}:{}", round, id),
            .run = 1,
            .round = round,
            .model = model_,
            .config = {}};
  }
  std::size_t Calls(std::string_view prefix) const {
    return static_cast<std::size_t>(
        std::count_if(coordinator_->log.begin(), coordinator_->log.end(),
                      [&](const std::string& line) { return line.starts_with(prefix); }));
  }
  Status RunToTheEnd() {
    mailbox_.Post(StopRequested{});
    return runtime_->Run();
  }

  testing::TempDirectory folder_;
  testing::FakeClock clock_;
  Mailbox mailbox_;
  std::shared_ptr<TrainingScript> script_ = std::make_shared<TrainingScript>();
  std::vector<std::string> ids_;
  std::vector<std::string> lines_;
  std::string content_;
  ContentRef model_;
  std::optional<FakeCoordinator> coordinator_;
  std::optional<Runtime> runtime_;
};

TEST_F(RuntimeTest, ManyClientsTrainWithOneFetch) {
  Start(20, 3);
  UntilAllPoll();
  OfferRound(1);
  UntilAccepted(20);
  EXPECT_EQ(Calls("fetch"), 1U);
  EXPECT_LE(script_->most_running, 3);
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    EXPECT_EQ(coordinator_->accepted.at("1:" + ids_[i])[0], static_cast<std::byte>(i));
  }
}

TEST_F(RuntimeTest, ARoundOfManyClientsIsOneLine) {
  Start(20, 2);
  UntilAllPoll();
  OfferRound(1);
  UntilAccepted(20);
  Until([&] { return lines_.size() >= 2; });
  EXPECT_THAT(
      lines_,
      ElementsAre("connected coordinator=host:1 clients=20",
                  AllOf(HasSubstr("round ended round=1 clients=20 accepted=20 examples=390"),
                        HasSubstr(" loss=2.0000->1.0000 accuracy=0.2500->0.5000"))));
}

TEST_F(RuntimeTest, ANanLossIsReportedAndTheOthersGoOn) {
  script_->nan_client = 1;
  Start(3);
  UntilAllPoll();
  OfferRound(1);
  UntilAccepted(2);
  Until([&] { return coordinator_->reports.contains("1:b"); });
  EXPECT_EQ(std::get<Failure>(coordinator_->reports.at("1:b")).reason,
            "the loss is NaN in epoch 1");
  Until([&] { return lines_.size() >= 3; });
  EXPECT_EQ(lines_[1], "task refused client=b task=1:b round=1: the loss is NaN in epoch 1");
  EXPECT_THAT(lines_[2], HasSubstr("accepted=2 refused=1"));
}

TEST_F(RuntimeTest, AnEvaluationIsReported) {
  Start(1);
  UntilAllPoll();
  Task task = TaskFor("a", 4);
  task.kind = Task::Kind::kEvaluate;
  coordinator_->Offer("a", task);
  Until([&] { return lines_.size() >= 2; });
  EXPECT_EQ(std::get<Metrics>(coordinator_->reports.at("4:a")).loss, 0.25);
  EXPECT_THAT(lines_[1], HasSubstr("round=4 clients=1 evaluated=1 loss=0.2500 accuracy=0.7500"));
}

// Each of these is one fault on the way of an update; it arrives whole all the same.
struct Fault {
  const char* name;
  std::function<void(FakeCoordinator&)> inject;
  std::vector<std::string> transcript;

  friend void PrintTo(const Fault& self, std::ostream* out) { *out << self.name; }
};

class RuntimeFaultTest : public RuntimeTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(RuntimeFaultTest, TheUpdateArrivesAllTheSame) {
  Start(1);
  UntilAllPoll();
  GetParam().inject(*coordinator_);
  OfferRound(1);
  UntilAccepted(1);
  Until([&] { return lines_.size() >= 2; });
  EXPECT_THAT(lines_.back(), HasSubstr("accepted=1"));
  EXPECT_EQ(coordinator_->accepted.at("1:a").size(), 64U);
  EXPECT_EQ(script_->trained, 1) << "nothing is computed twice";

  std::vector<std::string> expected = GetParam().transcript;
  expected.emplace_back("poll a busy=");
  for (std::string& line : expected) {
    if (const auto at = line.find("MODEL"); at != std::string::npos)
      line.replace(at, 5, model_.digest.ShortHex());
    if (const auto at = line.find("HALF"); at != std::string::npos)
      line.replace(at, 4, std::to_string(content_.size() / 2));
  }
  EXPECT_THAT(coordinator_->log, ContainerEq(expected));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, RuntimeFaultTest,
    ::testing::Values(Fault{"None",
                            [](FakeCoordinator&) {},
                            {"join a", "poll a busy=", "poll a busy=1:a", "fetch MODEL from 0",
                             "submit 1:a from 0"}},
                      Fault{"CutFetch",
                            [](FakeCoordinator& c) { c.cut_fetches = 1; },
                            {"join a", "poll a busy=", "poll a busy=1:a", "fetch MODEL from 0",
                             "fetch MODEL from HALF", "submit 1:a from 0"}},
                      Fault{"DamagedFetch",
                            [](FakeCoordinator& c) { c.damaged_fetches = 1; },
                            {"join a", "poll a busy=", "poll a busy=1:a", "fetch MODEL from 0",
                             "fetch MODEL from 0", "submit 1:a from 0"}},
                      Fault{"CutSubmit",
                            [](FakeCoordinator& c) { c.cut_submits = 1; },
                            {"join a", "poll a busy=", "poll a busy=1:a", "fetch MODEL from 0",
                             "submit 1:a from 0", "status 1:a", "submit 1:a from 32"}},
                      Fault{"SubmitCutTwice",
                            [](FakeCoordinator& c) { c.cut_submits = 2; },
                            {"join a", "poll a busy=", "poll a busy=1:a", "fetch MODEL from 0",
                             "submit 1:a from 0", "status 1:a", "submit 1:a from 32", "status 1:a",
                             "submit 1:a from 48"}},
                      Fault{"LostAnswer",
                            [](FakeCoordinator& c) { c.lost_answers = 1; },
                            {"join a", "poll a busy=", "poll a busy=1:a", "fetch MODEL from 0",
                             "submit 1:a from 0", "status 1:a"}}),
    [](const auto& fault) { return fault.param.name; });

TEST_F(RuntimeTest, ARestartOfTheCoordinatorLosesNoFinishedWork) {
  Start(1);
  coordinator_->hold_submits = true;
  UntilAllPoll();
  OfferRound(1);
  Until([&] { return coordinator_->held_submits() == 1; });
  coordinator_->log.clear();
  coordinator_->hold_submits = false;
  coordinator_->Restart();
  UntilAccepted(1);
  EXPECT_EQ(script_->trained, 1);
  EXPECT_EQ(Calls("join a"), 1U);
  EXPECT_EQ(Calls("submit 1:a from 0"), 1U);
}

TEST_F(RuntimeTest, ARestartDuringTrainingLosesNothing) {
  script_->block = true;
  Start(1);
  UntilAllPoll();
  OfferRound(1);
  Until([&] { return script_->running == 1; });
  coordinator_->Restart();
  coordinator_->down = true;
  Until([&] { return lines_.size() >= 2; });
  EXPECT_THAT(lines_.back(), HasSubstr("cannot reach coordinator host:1: "));
  coordinator_->down = false;
  UntilAllPoll();
  EXPECT_EQ(coordinator_->log.back(), "poll a busy=1:a");
  EXPECT_EQ(script_->running, 1) << "it trains on";
}

TEST_F(RuntimeTest, StopEndsTheTrainingBetweenBatches) {
  script_->block = true;
  Start(1);
  UntilAllPoll();
  OfferRound(1);
  Until([&] { return script_->running == 1 && coordinator_->num_polling() == 1; });
  coordinator_->Tell("a", Stop{"1:a", "the round was aborted"});
  Until([&] { return script_->stopped == 1; });
  script_->block = false;
  coordinator_->Offer("a", TaskFor("a", 2));
  UntilAccepted(1);
  EXPECT_TRUE(coordinator_->accepted.contains("2:a"));
}

TEST_F(RuntimeTest, MemoryStaysBoundedWhileTheCoordinatorDoesNotAnswer) {
  Start(20, 2,
        {.policy = {}, .coordinator = {}, .cache_folder = {}, .max_update_bytes = 1, .log = {}});
  coordinator_->hold_submits = true;
  UntilAllPoll();
  OfferRound(1);
  Until([&] { return coordinator_->held_submits() == 4; });
  for (int i = 0; i < 100; ++i) runtime_->Turn(Duration(1));
  EXPECT_EQ(script_->trained, 4) << "two per worker";
  coordinator_->hold_submits = false;
  coordinator_->AnswerHeldSubmits();
  UntilAccepted(16);
  EXPECT_EQ(script_->trained, 20);
}

TEST_F(RuntimeTest, SaysThatTheCoordinatorIsAwayAndThatItIsBack) {
  Start(3);
  coordinator_->down = true;
  Until([&] { return !lines_.empty(); });
  EXPECT_THAT(lines_[0],
              AllOf(HasSubstr("cannot reach coordinator host:1: connection refused; retrying in "),
                    HasSubstr(" s clients=3")));
  for (int i = 0; i < 200; ++i) {
    runtime_->Turn(Duration(0));
    clock_.Advance(Duration(20));
  }
  EXPECT_EQ(lines_.size(), 1U) << "four seconds of it are one line";
  coordinator_->down = false;
  UntilAllPoll();
  EXPECT_EQ(lines_.back(), "connected coordinator=host:1 clients=3");
}

TEST_F(RuntimeTest, StoppingLeavesAndEndsWell) {
  script_->block = true;
  Start(3, 2);
  UntilAllPoll();
  OfferRound(1);
  Until([&] { return script_->running == 2; });
  EXPECT_TRUE(RunToTheEnd().ok());
  EXPECT_EQ(Calls("leave"), 3U);
  runtime_.reset();
  EXPECT_EQ(script_->running, 0);
}

TEST_F(RuntimeTest, TheReconnectLimitEndsTheProcessWithTheReason) {
  Start(2, 1,
        {.policy = {.reconnect_limit = Duration(10'000)},
         .coordinator = {},
         .cache_folder = {},
         .log = {}});
  coordinator_->down = true;
  Until([&] { return runtime_->done(); });
  EXPECT_EQ(runtime_->Run().code(), StatusCode::kUnavailable);
}

TEST_F(RuntimeTest, GoneForEverEndsTheSession) {
  Start(1);
  UntilAllPoll();
  coordinator_->Tell("a", Gone{"not wanted here", Duration(0)});
  Until([&] { return runtime_->done(); });
  EXPECT_THAT(runtime_->Run().message(), HasSubstr("not wanted here"));
}

TEST_F(RuntimeTest, ThousandsOfIdleClientsAreOneProcess) {
  Start(5000);
  UntilAllPoll();
  EXPECT_EQ(Calls("join"), 5000U);
  EXPECT_EQ(lines_.back(), "connected coordinator=host:1 clients=5000");
  EXPECT_TRUE(RunToTheEnd().ok());
}

}  // namespace
}  // namespace fedge::client
