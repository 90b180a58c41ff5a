// What /metrics says, against what is known to have happened.
#include <chrono>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/coordinator_rpc/counted_call.h"
#include "fedge/testing/connection.h"
#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Two accepted updates, one refused, two seconds of training, one evaluation.
void RunARound(Harness& harness) {
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  const auto c = harness.Join("c");
  const auto evaluator = harness.Join("e", v1::ROLE_EVALUATOR);
  harness.StartRun(3, 1, [](v1::RunPlan& plan) { plan.set_min_clients(2); });
  const v1::TrainTask task = a->Poll().train();
  std::string fetched;
  ASSERT_TRUE(a->Fetch(task.model().digest(), 0, fetched).ok());
  harness.Pass(Duration(2'000));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  a->Submit(task, harness.Payload({1, 0, 0, 0}, {0, 0}));
  EXPECT_EQ(c->Submit(c->Poll().train(), harness.Payload({nan, 0, 0, 0}, {0, 0})).outcome(),
            v1::SubmitResponse::REFUSED);
  b->Submit(b->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  harness.WaitForPhase(v1::COMPLETED);
  const v1::EvaluateTask evaluation = evaluator->Poll().evaluate();
  ASSERT_TRUE(evaluator->ReportEvaluation(evaluation.task_id(), 100, 0.5, 0.75).ok());
}

TEST(MetricsTest, ARoundHasExactlyItsNumbers) {
  Harness harness;
  RunARound(harness);
  const auto payload = static_cast<double>(harness.manifest().payload_bytes);
  const auto metric = [&harness](const std::string& series) { return harness.Metric(series); };
  EXPECT_EQ(metric("fedge_rounds_total{outcome=\"completed\"}"), 1);
  EXPECT_EQ(metric("fedge_rounds_total{outcome=\"failed\"}"), 0);
  EXPECT_EQ(metric("fedge_updates_total{outcome=\"accepted\",reason=\"\"}"), 2);
  EXPECT_THAT(harness.Http("/metrics"),
              HasSubstr("fedge_updates_total{outcome=\"refused\",reason="));
  EXPECT_EQ(metric("fedge_updates_total{outcome=\"late\",reason=\"\"}"), 0);
  EXPECT_EQ(metric("fedge_transfer_bytes_total{direction=\"up\"}"), 3 * payload);
  EXPECT_EQ(metric("fedge_transfer_bytes_total{direction=\"down\"}"),
            static_cast<double>(harness.model_bytes().size()));
  EXPECT_EQ(metric("fedge_aggregation_bytes_total"), 2 * payload);
  EXPECT_EQ(metric("fedge_aggregation_bytes_per_second_count"), 1);
  EXPECT_THAT(metric("fedge_last_aggregation_bytes_per_second"), Gt(0));
  EXPECT_EQ(metric("fedge_phase_seconds_count{phase=\"TRAINING\"}"), 1);
  EXPECT_EQ(metric("fedge_phase_seconds_sum{phase=\"TRAINING\"}"), 2);
  EXPECT_EQ(metric("fedge_phase_seconds_sum{phase=\"INITIALIZING\"}"), 0);
  EXPECT_EQ(metric("fedge_phase{phase=\"COMPLETED\"}"), 1);
  EXPECT_EQ(metric("fedge_phase{phase=\"TRAINING\"}"), 0);
  EXPECT_EQ(metric("fedge_run"), 1);
  EXPECT_EQ(metric("fedge_run_active"), 0);
  EXPECT_EQ(metric("fedge_run_rounds_completed"), 1);
  EXPECT_EQ(metric("fedge_round"), 1);
  EXPECT_EQ(metric("fedge_model_bytes"), static_cast<double>(harness.GlobalModel().size()));
  EXPECT_EQ(metric("fedge_evaluation_loss"), 0.5);
  EXPECT_EQ(metric("fedge_evaluation_accuracy_ratio"), 0.75);
  EXPECT_EQ(metric("fedge_sessions"), 4);
  EXPECT_EQ(metric("fedge_parked_polls"), 0);
  EXPECT_EQ(metric("fedge_clients{role=\"trainer\",state=\"idle\"}"), 3);
  EXPECT_EQ(metric("fedge_rpc_seconds_count{code=\"OK\",method=\"Submit\"}"), 3);
  EXPECT_EQ(metric("fedge_rpc_seconds_count{code=\"OK\",method=\"Fetch\"}"), 1);
  EXPECT_EQ(metric("fedge_rpc_seconds_count{code=\"OK\",method=\"Join\"}"), 4);
  EXPECT_EQ(metric("fedge_rpc_seconds_count{code=\"OK\",method=\"Poll\"}"), 4);
  EXPECT_EQ(metric("fedge_events_total{kind=\"client joined\"}"), 4);
  EXPECT_EQ(metric("fedge_events_total{kind=\"round completed\"}"), 1);
  EXPECT_THAT(metric("fedge_commit_seconds_count{step=\"database\"}"), Gt(0));
  EXPECT_THAT(metric("fedge_commit_seconds_count{step=\"spool\"}"), Gt(0));
  EXPECT_THAT(metric("fedge_disk_free_bytes"), Gt(0));
  EXPECT_THAT(metric("fedge_database_bytes"), Gt(0));
  EXPECT_THAT(metric("process_resident_memory_bytes"), Gt(0));
  EXPECT_THAT(metric("process_start_time_seconds"), Gt(1.6e9));
}

TEST(MetricsTest, CountersBeginAtZeroWithTheProcessAndLevelsAsTheyAre) {
  Harness harness;
  RunARound(harness);
  harness.Restart();
  EXPECT_EQ(harness.Metric("fedge_rounds_total{outcome=\"completed\"}"), 0);
  EXPECT_EQ(harness.Metric("fedge_updates_total{outcome=\"accepted\",reason=\"\"}"), 0);
  EXPECT_EQ(harness.Metric("fedge_round"), 1);
  EXPECT_EQ(harness.Metric("fedge_sessions"), 0);
}

TEST(MetricsTest, ARoundThatGoesOnAfterARestartIsCountedWhenItEnds) {
  Harness harness;
  auto a = harness.Join("a");
  harness.StartRun(1);
  static_cast<void>(a->Poll());
  harness.Restart();
  a = harness.Join("a");
  a->Submit(a->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  harness.WaitForPhase(v1::COMPLETED);
  EXPECT_EQ(harness.Metric("fedge_rounds_total{outcome=\"completed\"}"), 1);
}

TEST(MetricsTest, TellsFailedRoundsFromAbortedOnes) {
  Harness harness;
  harness.StartRun(1);
  harness.Pass(Duration(61'000));
  harness.WaitForPhase(v1::ERROR);
  grpc::ClientContext reset;
  v1::ResetResponse was_reset;
  ASSERT_TRUE(harness.admin().Reset(&reset, {}, &was_reset).ok());
  harness.StartRun(1);
  grpc::ClientContext abort;
  v1::AbortRunResponse aborted;
  ASSERT_TRUE(harness.admin().AbortRun(&abort, {}, &aborted).ok());
  EXPECT_EQ(harness.Metric("fedge_rounds_total{outcome=\"failed\"}"), 1);
  EXPECT_EQ(harness.Metric("fedge_rounds_total{outcome=\"aborted\"}"), 1);
  EXPECT_EQ(harness.Metric("fedge_phase_seconds_sum{phase=\"INITIALIZING\"}"), 61);
  EXPECT_EQ(harness.Metric("fedge_phase_seconds_count{phase=\"TRAINING\"}"), 0);
}

TEST(MetricsTest, AClientsReportOfAFailureIsCounted) {
  Harness harness;
  const auto a = harness.Join("a");
  harness.StartRun(1);
  ASSERT_TRUE(a->ReportFailure(a->Poll().train().task_id(), "no data").ok());
  EXPECT_EQ(harness.Metric("fedge_updates_total{outcome=\"failed\",reason=\"\"}"), 1);
}

TEST(MetricsTest, ClientsAreInOneStateEach) {
  Harness harness;
  const auto count = [&harness](const std::string& state) {
    return harness.Metric("fedge_clients{role=\"trainer\",state=\"" + state + "\"}");
  };
  auto a = harness.Join("a");
  const auto b = harness.Join("b");
  EXPECT_EQ(count("idle"), 2);
  harness.StartRun(2);
  const v1::TrainTask task = a->Poll().train();
  auto busy = a->StartPoll(task.task_id());
  harness.WaitForParked(1);
  EXPECT_EQ(count("training"), 1);
  EXPECT_EQ(count("idle"), 1);
  EXPECT_EQ(harness.Metric("fedge_parked_polls"), 1);
  a->Submit(task, harness.Payload({1, 0, 0, 0}, {0, 0}));
  EXPECT_EQ(count("training"), 0);
  EXPECT_EQ(count("idle"), 2);
  auto waiting = a->StartPoll();
  busy.reset();
  harness.WaitForParked(1);
  waiting->Cancel();
  harness.WaitForParked(0);
  EXPECT_EQ(count("disconnected"), 1);
  EXPECT_EQ(count("idle"), 1);
  ASSERT_TRUE(a->Join().ok());
  EXPECT_EQ(count("disconnected"), 0);
  a->Leave();
  b->Leave();
  for (const char* state : {"idle", "training", "disconnected"}) EXPECT_EQ(count(state), 0);
}

TEST(MetricsTest, FailedCallsAreCountedByTheirCode) {
  Harness harness;
  grpc::ClientContext context;
  v1::GetRoundRequest request;
  request.set_round(77);
  v1::GetRoundResponse response;
  EXPECT_FALSE(harness.admin().GetRound(&context, request, &response).ok());
  EXPECT_EQ(harness.Metric("fedge_rpc_seconds_count{code=\"NOT_FOUND\",method=\"GetRound\"}"), 1);
}

TEST(MetricsTest, EveryMethodIsNamedAfterItsRequest) {
  for (const auto* service :
       {v1::JoinRequest::descriptor()->file()->FindServiceByName("Federation"),
        v1::ResetRequest::descriptor()->file()->FindServiceByName("Admin")}) {
    ASSERT_NE(service, nullptr);
    for (int i = 0; i < service->method_count(); ++i) {
      EXPECT_EQ(service->method(i)->input_type()->name(), service->method(i)->name() + "Request");
    }
  }
  EXPECT_EQ(MethodOf<v1::JoinRequest>(), "Join");
}

// As gRPC's reactors, as far as CountedCall sees them.
struct FakeReactor {
  void Finish(const grpc::Status&) {}
};
class FakeCall : public CountedCall<FakeReactor> {
 public:
  explicit FakeCall(CoordinatorMetrics& metrics) : CountedCall(metrics, "Fake") {}
  using CountedCall::Finish;
  using CountedCall::StopTiming;
};

TEST(CountedCallTest, WhatACallWaitsForIsNotItsHandlingTime) {
  using Clock = std::chrono::steady_clock;
  CoordinatorMetrics metrics;
  const auto begin = Clock::now();
  FakeCall call(metrics);
  call.StopTiming();
  const Clock::duration handled = Clock::now() - begin;
  while (Clock::now() - begin < 3 * handled + std::chrono::milliseconds(1)) {
  }
  call.Finish(grpc::Status::OK);
  const std::string page = metrics.Page({});
  const std::string sum = "fedge_rpc_seconds_sum{code=\"OK\",method=\"Fake\"} ";
  ASSERT_THAT(page, HasSubstr(sum));
  EXPECT_LE(std::stod(page.substr(page.find(sum) + sum.size())),
            CoordinatorMetrics::Seconds(handled).count());
}

TEST(MonitoringTest, TheRootListsWhatThereIs) {
  Harness harness;
  EXPECT_THAT(harness.Http("/"),
              AllOf(HasSubstr("/metrics"), HasSubstr("/health/live"), HasSubstr("/health/ready")));
  EXPECT_THAT(Get(harness.server().http_address(), "/nothing"), StartsWith("HTTP/1.1 404"));
}

}  // namespace
}  // namespace fedge::testing
