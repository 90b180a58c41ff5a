#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_admin.h"
#include "fedge/common/file.h"
#include "fedge/testing/temp_directory.h"
#include "run_fedctl.h"

namespace fedge::fedctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const grpc::Status kLost{grpc::StatusCode::UNAVAILABLE, "connection reset"};

class StartRoundTest : public ::testing::Test {
 protected:
  StartRoundTest() {
    admin_.watches = {[](const auto&, auto&, auto& writer) {
      writer.Write(Message(SampleStatus(1)));
      writer.Write(Message(SampleStatus(2), {SampleRound(1, 0.5)}));
      writer.Write(Message(EndedStatus(3), {SampleRound(2, 0.6), SampleRound(3, 0.7)}));
      return grpc::Status::OK;
    }};
  }
  Ran Run(std::vector<std::string> arguments, std::stop_token stop = {}) {
    std::vector<std::string> all = {"start-round", "--clients", "50", "--coordinator",
                                    admin_.address()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return Fedctl(all, std::move(stop));
  }
  static std::vector<std::string> Lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  FakeAdmin admin_;
  testing::TempDirectory folder_;
};

TEST_F(StartRoundTest, SendsThePlan) {
  Run({"--rounds",       "7",       "--min-clients", "40",
       "--over-select",  "1.5",     "--deadline",    "90s",
       "--where",        "site=eu", "--retry",       "2",
       "--epochs",       "5",       "--batch-size",  "full",
       "--optimizer",    "sgd",     "--lr",          "0.3",
       "--lr-decay",     "0.99",    "--momentum",    "0.9",
       "--weight-decay", "1e-4",    "--prox-mu",     "0.01",
       "--seed",         "42",      "--until",       "accuracy >= 0.97",
       "--detach"});
  ASSERT_EQ(admin_.started.size(), 1u);
  const v1::RunPlan& plan = admin_.started[0].plan();
  EXPECT_EQ(plan.num_clients(), 50u);
  EXPECT_EQ(plan.num_rounds(), 7u);
  EXPECT_EQ(plan.min_clients(), 40u);
  EXPECT_EQ(plan.over_select(), 1.5);
  EXPECT_EQ(plan.deadline_ms(), 90'000u);
  EXPECT_EQ(plan.where().at("site"), "eu");
  EXPECT_EQ(plan.max_retries(), 2u);
  EXPECT_EQ(plan.learning_rate_decay(), 0.99);
  EXPECT_EQ(plan.until(), "accuracy>=0.97");
  EXPECT_EQ(plan.train().epochs(), 5u);
  EXPECT_EQ(plan.train().batch_size(), 0u);
  EXPECT_EQ(plan.train().optimizer(), "sgd");
  EXPECT_EQ(plan.train().learning_rate(), 0.3);
  EXPECT_EQ(plan.train().momentum(), 0.9);
  EXPECT_EQ(plan.train().weight_decay(), 1e-4);
  EXPECT_EQ(plan.train().prox_mu(), 0.01);
  EXPECT_EQ(plan.train().seed(), 42u);
  EXPECT_EQ(admin_.started[0].request_id().size(), 32u);
}

TEST_F(StartRoundTest, PrintsALineForEachRoundAndHowItEnded) {
  const Ran ran = Run({"--rounds", "3"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(Lines(ran.out),
              ElementsAre(StartsWith("round 1/3  accepted 50/50"), StartsWith("round 2/3"),
                          StartsWith("round 3/3"), StartsWith("run 1 completed: 3 of 3 rounds")));
  EXPECT_EQ(ran.err, "");
}

TEST_F(StartRoundTest, JsonIsADocumentForEachRoundAndOneForTheRun) {
  const Ran ran = Run({"--json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(Lines(ran.out), ElementsAre(HasSubstr("\"type\":\"round\""), HasSubstr("\"round\":2"),
                                          HasSubstr("\"round\":3"), HasSubstr("\"type\":\"run\"")));
}

TEST_F(StartRoundTest, QuietPrintsOnlyHowItEnded) {
  EXPECT_THAT(Lines(Run({"--quiet"}).out), ElementsAre(StartsWith("run 1 completed")));
}

TEST_F(StartRoundTest, DetachReturnsAtOnce) {
  const Ran ran = Run({"--detach"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "run 1 started; 'fedctl wait' shows it, 'fedctl abort-round' ends it\n");
  EXPECT_TRUE(admin_.watched.empty());
}

TEST_F(StartRoundTest, AFailedRunExitsWithOneAndTheReason) {
  admin_.watches = {[](const auto&, auto&, auto& writer) {
    v1::CoordinatorStatus status = EndedStatus(1);
    status.set_phase(v1::ERROR);
    status.mutable_run()->set_error("round 1: 3 of 50 updates at the deadline, 25 are needed");
    writer.Write(Message(status));
    return grpc::Status::OK;
  }};
  const Ran ran = Run({});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err,
            "fedctl: run 1 failed: round 1: 3 of 50 updates at the deadline, 25 are needed\n");
}

TEST_F(StartRoundTest, ALostConnectionIsTakenUpAgain) {
  const auto to_the_end = admin_.watches[0];
  admin_.watches = {[](const auto&, auto&, auto& writer) {
                      writer.Write(Message(SampleStatus(2), {SampleRound(1, 0.5)}));
                      return kLost;
                    },
                    to_the_end};
  const Ran ran = Run({});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("lost (connection reset); trying again, the run goes on there"));
  EXPECT_EQ(Lines(ran.out).size(), 4u) << ran.out;  // no round twice
  ASSERT_EQ(admin_.watched.size(), 2u);
  EXPECT_EQ(admin_.watched[1].after_round(), 1u);
}

TEST_F(StartRoundTest, GivesUpWithThree) {
  admin_.watches = {[](const auto&, auto&, auto&) { return kLost; }};
  const Ran ran = Run({"--timeout", "0"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("connection reset"));
}

TEST_F(StartRoundTest, AStartIsSentAgainWithTheSameId) {
  admin_.start_failures = {kLost};
  const Ran ran = Run({});
  EXPECT_EQ(ran.code, 0) << ran.err;
  ASSERT_EQ(admin_.started.size(), 2u);
  EXPECT_EQ(admin_.started[0].request_id(), admin_.started[1].request_id());
  Run({});
  EXPECT_NE(admin_.started[0].request_id(), admin_.started[2].request_id());
}

TEST_F(StartRoundTest, ARefusedStartSaysWhy) {
  admin_.start_failures = {{grpc::StatusCode::FAILED_PRECONDITION, "run 3 is active"},
                           {grpc::StatusCode::INVALID_ARGUMENT, "min_clients is 9"}};
  const Ran active = Run({});
  EXPECT_EQ(active.code, 1);
  EXPECT_EQ(active.err, "fedctl: run 3 is active\n");
  EXPECT_EQ(Run({}).code, 2);
}

TEST_F(StartRoundTest, CtrlCDetachesAndSaysHowToComeBack) {
  std::stop_source interrupt;
  admin_.watches = {[&](const auto&, grpc::ServerContext& context, auto& writer) {
    writer.Write(Message(SampleStatus(2)));
    interrupt.request_stop();
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  }};
  const Ran ran = Run({}, interrupt.get_token());
  EXPECT_EQ(ran.code, 130);
  EXPECT_THAT(ran.err, HasSubstr("detached; run 1 goes on. 'fedctl wait' shows it again"));
}

TEST_F(StartRoundTest, WritesTheModelWhenAskedTo) {
  const std::string path = folder_.File("out.pt");
  EXPECT_EQ(Run({"-o", path}).code, 0);
  EXPECT_EQ(*ReadFile(path), "a model");
  EXPECT_EQ(Run({"-o", path}).code, 2);  // before anything is started
  EXPECT_EQ(admin_.started.size(), 1u);
}

TEST_F(StartRoundTest, UntilNeedsAnEvaluator) {
  admin_.status.set_num_evaluators(0);
  const Ran ran = Run({"--until", "accuracy>=0.9"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("--until needs an evaluator, and none has joined; start one "
                                 "(fl-client --role evaluator)"));
  EXPECT_TRUE(admin_.started.empty());
  EXPECT_EQ(Run({}).code, 0) << "without it none is needed";
}

TEST_F(StartRoundTest, WrongUsageStartsNothing) {
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"--clients", "0"},
                                             {"--over-select", "0.5"},
                                             {"--lr", "-1"},
                                             {"--deadline", "5"},
                                             {"--until", "accuracy>=97"},
                                             {"--until", "speed>1"},
                                             {"--batch-size", "0"},
                                             {"--optimizer", "sdg"},
                                             {"--min-clients", "51"},
                                             {"--where", "eu"},
                                             {"--optimizer", "adam", "--momentum", "0.9"},
                                             {"--partition", "iid"},
                                             {"--model", "m.pt"},
                                             {"--detach", "-o", "x.pt"},
                                             {"--local", "--detach"},
                                             {"--local", "--where", "a=b"},
                                             {"--local", "--data", "csv"},
                                             {"--local", "--virtual", "3"}}) {
    const Ran ran = Run(wrong);
    EXPECT_EQ(ran.code, 2) << wrong[0] << " " << wrong[1];
    EXPECT_THAT(ran.err, StartsWith("fedctl: "));
  }
  EXPECT_TRUE(admin_.started.empty());
}

}  // namespace
}  // namespace fedge::fedctl
