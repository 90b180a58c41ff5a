// Whole rounds, from the operator's start to the new global model, also across restarts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/archive/schema.h"
#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(RoundTest, AveragesByTheNumberOfExamples) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  harness.StartRun(2);
  const v1::TrainTask task_a = a->Poll().train();
  const v1::TrainTask task_b = b->Poll().train();
  std::string fetched;
  ASSERT_TRUE(a->Fetch(task_a.model().digest(), 0, fetched).ok());
  EXPECT_EQ(fetched, harness.model_bytes());

  // (1 * 1 + 3 * 3) / 4 = 2.5 more for the first weight.
  a->Submit(task_a, harness.Payload({1, 0, 0, 0}, {0, 4}, 5), 1);
  b->Submit(task_b, harness.Payload({3, 0, 0, 4}, {0, 0}, 2), 3);
  const v1::CoordinatorStatus status = harness.WaitForPhase(v1::COMPLETED);
  EXPECT_THAT(Harness::Floats(harness.GlobalModel(), "weight"), ElementsAre(3.5F, 2, 3, 7));
  EXPECT_THAT(Harness::Floats(harness.GlobalModel(), "bias"), ElementsAre(0.5F, 0.5F));

  EXPECT_TRUE(status.run().ended());
  EXPECT_EQ(status.round().num_examples(), 4U);
  EXPECT_EQ(status.round().bytes_down(), harness.model_bytes().size());
  EXPECT_EQ(status.round().bytes_up(), 2 * harness.manifest().payload_bytes);
  EXPECT_EQ(status.model_round(), 1U);
  const Digest digest = Sha256::Of(AsBytes(harness.GlobalModel()));
  EXPECT_EQ(status.model().digest(),
            std::string(reinterpret_cast<const char*>(digest.bytes.data()), 32));
  EXPECT_EQ(status.round().model_crc32(), Crc32(AsBytes(harness.GlobalModel())));
}

TEST(RoundTest, TheSameUpdatesGiveTheSameBytesInAnyOrderOfArrival) {
  std::string models[2];
  for (int order = 0; order < 2; ++order) {
    Harness harness;
    const auto a = harness.Join("a");
    const auto b = harness.Join("b");
    if (order == 1) harness.Pass(Duration(5'000));
    harness.StartRun(2);
    const auto first = order == 0 ? a.get() : b.get();
    const auto second = order == 0 ? b.get() : a.get();
    for (TestClient* client : {first, second}) {
      const bool is_a = client->id() == "a";
      client->Submit(client->Poll().train(), harness.Payload({is_a ? 0.1F : 0.7F, 0, 0, 0}, {0, 0}),
                     is_a ? 3 : 7);
    }
    harness.WaitForPhase(v1::COMPLETED);
    models[order] = harness.GlobalModel();
  }
  EXPECT_EQ(models[0], models[1]);
}

TEST(RoundTest, TheNextRoundStartsFromTheLastOnesResult) {
  Harness harness;
  const auto a = harness.Join("a");
  harness.StartRun(1, 3);
  std::string base;
  for (int round = 1; round <= 3; ++round) {
    const v1::TrainTask task = a->Poll().train();
    EXPECT_EQ(task.round(), static_cast<std::uint64_t>(round));
    base.clear();
    ASSERT_TRUE(a->Fetch(task.model().digest(), 0, base).ok());
    EXPECT_EQ(Harness::Floats(base, "weight")[0], static_cast<float>(round));
    a->Submit(task, harness.Payload({1, 0, 0, 0}, {0, 0}));
  }
  harness.WaitForPhase(v1::COMPLETED);
  EXPECT_EQ(Harness::Floats(harness.GlobalModel(), "weight")[0], 4);
}

TEST(RoundTest, TheResultSaysWhereItComesFrom) {
  Harness harness;
  const auto a = harness.Join("a");
  harness.StartRun(1);
  a->Submit(a->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}), 12);
  harness.WaitForPhase(v1::COMPLETED);
  const std::string model = harness.GlobalModel();
  const auto archive = Archive::FromBytes(AsBytes(model), "global.pt");
  ASSERT_TRUE(archive.ok());
  const auto provenance = archive->ReadExtra(kProvenanceRecord);
  ASSERT_TRUE(provenance.ok());
  EXPECT_THAT(*provenance, HasSubstr(Sha256::Of(AsBytes(harness.model_bytes())).Hex()));
  EXPECT_THAT(*provenance, HasSubstr("\"clients\":1"));
  EXPECT_THAT(*provenance, HasSubstr("\"examples\":12"));
  EXPECT_TRUE(archive->Verify().ok());
}

TEST(RoundTest, AFailureThatAClientReportsIsRecordedAndTheRoundGoesOn) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  harness.StartRun(2, 1, [](v1::RunPlan& plan) { plan.set_min_clients(1); });
  ASSERT_TRUE(a->ReportFailure(a->Poll().train().task_id(), "loss is nan\x1b[31m").ok());
  b->Submit(b->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  harness.WaitForPhase(v1::COMPLETED);
  const v1::GetRoundResponse round = harness.Round(1);
  EXPECT_EQ(round.round().tasks().failed(), 1U);
  EXPECT_EQ(round.tasks(0).reason(), "loss is nan?[31m")
      << "what a client says must not reach a terminal as it is";
}

TEST(RoundTest, AnUpdateThatItsClientFoundNotFiniteIsRefusedAndTheRoundGoesOn) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  harness.StartRun(2);
  const std::string task = a->Poll().train().task_id();
  ASSERT_TRUE(a->ReportFailure(task, "the loss is NaN", v1::REFUSAL_NOT_FINITE).ok());
  ASSERT_TRUE(a->ReportFailure(task, "the loss is NaN", v1::REFUSAL_NOT_FINITE).ok());  // repeated
  b->Submit(b->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  harness.WaitForPhase(v1::COMPLETED);
  const v1::GetRoundResponse round = harness.Round(1);
  EXPECT_EQ(round.round().tasks().accepted(), 1U);
  EXPECT_EQ(round.round().tasks().refused(), 1U);
  EXPECT_EQ(round.round().tasks().failed(), 0U);
  EXPECT_EQ(round.tasks(0).state(), "refused");
  EXPECT_EQ(round.tasks(0).refusal(), v1::REFUSAL_NOT_FINITE);
  EXPECT_EQ(round.tasks(0).reason(), "the loss is NaN");
  grpc::ClientContext context;
  v1::ListClientsResponse clients;
  ASSERT_TRUE(harness.admin().ListClients(&context, {}, &clients).ok());
  EXPECT_EQ(clients.clients(0).num_refused(), 1U);
  EXPECT_EQ(clients.clients(0).last_refusal(), "the loss is NaN");
  EXPECT_EQ(clients.clients(0).last_refusal_code(), v1::REFUSAL_NOT_FINITE);
  EXPECT_EQ(harness.Metric("fedge_updates_total{outcome=\"refused\",reason=\"not-finite\"}"), 1);
}

TEST(RoundTest, EndsInErrorWithoutAQuorumAndResetLeavesIt) {
  Harness harness;
  const auto a = harness.Join("a");
  harness.StartRun(1);
  a->Poll();
  harness.Pass(Duration(61'000));
  const v1::CoordinatorStatus status = harness.WaitForPhase(v1::ERROR);
  EXPECT_FALSE(status.error().empty());
  EXPECT_EQ(harness.GlobalModel(), harness.model_bytes());
  grpc::ClientContext context;
  v1::ResetResponse response;
  EXPECT_TRUE(harness.admin().Reset(&context, {}, &response).ok());
  EXPECT_EQ(harness.Status().phase(), v1::COMPLETED);
}

// ---- Evaluation ----

TEST(EvaluationTest, IsOfferedAfterEachRoundAndRecorded) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto e = harness.Join("e", v1::ROLE_EVALUATOR);
  harness.StartRun(1);
  const auto poll = e->StartPoll();
  a->Submit(a->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  const v1::PollResponse answer = poll->Answer();
  ASSERT_TRUE(answer.has_evaluate());
  EXPECT_TRUE(harness.Status().evaluation_pending());
  std::string model;
  ASSERT_TRUE(e->Fetch(answer.evaluate().model().digest(), 0, model).ok());
  EXPECT_EQ(model, harness.GlobalModel());
  ASSERT_TRUE(e->ReportEvaluation(answer.evaluate().task_id(), 50, 0.25, 0.9).ok());
  const v1::RoundSummary round = harness.Round(1).round();
  EXPECT_EQ(round.evaluation().num_examples(), 50U);
  EXPECT_DOUBLE_EQ(round.evaluation().accuracy(), 0.9);
  EXPECT_FALSE(harness.Status().evaluation_pending());
}

TEST(EvaluationTest, EndsARunThatReachedItsGoal) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto e = harness.Join("e", v1::ROLE_EVALUATOR);
  harness.StartRun(1, 5, [](v1::RunPlan& plan) { plan.set_until("accuracy>=0.8"); });
  a->Submit(a->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  ASSERT_TRUE(e->ReportEvaluation(e->Poll().evaluate().task_id(), 50, 0.25, 0.9).ok());
  const v1::CoordinatorStatus status = harness.Status();
  EXPECT_TRUE(status.run().ended());
  EXPECT_TRUE(status.run().goal_reached());
  EXPECT_EQ(status.run().rounds_completed(), 1U);
}

TEST(EvaluationTest, RefusesAnAccuracyThatCannotBe) {
  Harness harness;
  const auto a = harness.Join("a");
  const auto e = harness.Join("e", v1::ROLE_EVALUATOR);
  harness.StartRun(1);
  a->Submit(a->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  const std::string task = e->Poll().evaluate().task_id();
  EXPECT_EQ(e->ReportEvaluation(task, 50, 0.25, 1.5).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(a->ReportEvaluation(task, 50, 0.25, 1.0).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT)
      << "not its task";
}

// ---- Restarts ----

TEST(RestartTest, ARoundGoesOnWithWhatWasAccepted) {
  Harness harness;
  {
    const auto a = harness.Join("a");
    const auto b = harness.Join("b");
    harness.StartRun(2);
    b->Poll();
    EXPECT_EQ(a->Submit(a->Poll().train(), harness.Payload({2, 0, 0, 0}, {0, 0})).outcome(),
              v1::SubmitResponse::ACCEPTED);
  }
  harness.Restart();
  EXPECT_EQ(harness.Status().phase(), v1::TRAINING);
  EXPECT_EQ(harness.Status().round().tasks().accepted(), 1U);
  const auto a = harness.Join("a");
  const auto b = harness.Join("b");
  const v1::TrainTask task = b->Poll().train();
  v1::TrainTask again = task;
  again.set_task_id("1:a");
  EXPECT_EQ(a->Submit(again, harness.Payload({2, 0, 0, 0}, {0, 0})).outcome(),
            v1::SubmitResponse::ACCEPTED)
      << "who did not hear the answer gets it again";
  b->Submit(task, harness.Payload({4, 0, 0, 0}, {0, 0}));
  harness.WaitForPhase(v1::COMPLETED);
  EXPECT_EQ(Harness::Floats(harness.GlobalModel(), "weight")[0], 4);
}

TEST(RestartTest, AnUploadThatWasUnderWayBeginsAnew) {
  Harness harness;
  {
    const auto a = harness.Join("a");
    harness.StartRun(1);
    UploadSpec spec = a->MakeUpload(a->Poll().train(), harness.Payload({2, 0, 0, 0}, {0, 0}));
    spec.stop_after = 16;
    v1::SubmitResponse ignored;
    EXPECT_FALSE(a->Submit(spec, ignored).ok());
  }
  harness.Restart();
  const auto a = harness.Join("a");
  const v1::TrainTask task = a->Poll().train();
  v1::UploadStatusResponse status;
  ASSERT_TRUE(a->UploadStatus(task.task_id(), status).ok());
  EXPECT_EQ(status.received_bytes(), 0U);
  EXPECT_EQ(a->Submit(task, harness.Payload({2, 0, 0, 0}, {0, 0})).outcome(),
            v1::SubmitResponse::ACCEPTED);
  harness.WaitForPhase(v1::COMPLETED);
  EXPECT_EQ(Harness::Floats(harness.GlobalModel(), "weight")[0], 3);
}

TEST(RestartTest, TheResultIsTheSameWithAndWithoutARestart) {
  std::string models[2];
  for (int restart = 0; restart < 2; ++restart) {
    Harness harness;
    for (const char* id : {"a", "b"}) {
      auto a = harness.Join("a");
      auto b = harness.Join("b");
      if (std::string(id) == "a") harness.StartRun(2);
      TestClient& client = std::string(id) == "a" ? *a : *b;
      client.Submit(client.Poll().train(), harness.Payload({0.3F, 0, 0.1F, 0}, {0, 1e-3F}),
                    id[0] == 'a' ? 3 : 11);
      if (restart == 1 && id[0] == 'a') harness.Restart();
    }
    harness.WaitForPhase(v1::COMPLETED);
    models[restart] = harness.GlobalModel();
  }
  EXPECT_EQ(models[0], models[1]);
}

TEST(RestartTest, KeepsErrorsAndFinishedRuns) {
  Harness harness;
  {
    const auto a = harness.Join("a");
    harness.StartRun(1);
    harness.Pass(Duration(61'000));
    harness.WaitForPhase(v1::ERROR);
  }
  const std::string error = harness.Status().error();
  harness.Restart();
  EXPECT_EQ(harness.Status().phase(), v1::ERROR);
  EXPECT_EQ(harness.Status().error(), error);
}

}  // namespace
}  // namespace fedge::testing
