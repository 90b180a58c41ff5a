// Disks that fail under a running coordinator: nothing is acknowledged that is not safe, nothing
// that was is lost, and once the disk is in order the round goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faulty_files.h"
#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class FailureTest : public ::testing::Test {
 protected:
  v1::SubmitResponse Submit(TestClient& client) {
    return client.Submit(client.Poll().train(), payload);
  }
  std::string FailureMessage() {
    harness.WaitForFailure();
    return harness.server().coordinator().failure().message();
  }
  // Both clients' updates are averaged.
  void ExpectTheRoundEnds() {
    harness.WaitForPhase(v1::COMPLETED);
    EXPECT_EQ(Harness::Floats(harness.GlobalModel(), "weight")[0], 3);
    EXPECT_EQ(harness.Round(1).round().tasks().accepted(), 2U);
  }

  FaultyFiles files;
  Harness harness{Harness::QuickOptions(), files};
  const std::string payload = harness.Payload({2, 0, 0, 0}, {0, 0});
  std::unique_ptr<TestClient> a = harness.Join("a");
  std::unique_ptr<TestClient> b = harness.Join("b");
};

TEST_F(FailureTest, AnUpdateThatCannotBeMadeDurableIsNotAcknowledged) {
  harness.StartRun(2);
  EXPECT_EQ(Submit(*b).outcome(), v1::SubmitResponse::ACCEPTED);
  const v1::TrainTask task = a->Poll().train();
  const auto held = b->StartPoll();
  harness.WaitForParked(1);
  files.broken_sync = true;
  v1::SubmitResponse response;
  EXPECT_FALSE(a->Submit(a->MakeUpload(task, payload), response).ok());
  EXPECT_EQ(response.outcome(), v1::SubmitResponse::OUTCOME_UNSPECIFIED);
  EXPECT_TRUE(held->Answer().has_gone());
  EXPECT_THAT(FailureMessage(), HasSubstr("Input/output error"));

  files.broken_sync = false;
  harness.Restart();
  EXPECT_EQ(harness.Status().round().tasks().accepted(), 1U) << "b's is safe, a's never was";
  a = harness.Join("a");
  EXPECT_EQ(Submit(*a).outcome(), v1::SubmitResponse::ACCEPTED);
  ExpectTheRoundEnds();
}

TEST_F(FailureTest, AFullDiskTurnsUploadsAwayAndTheRoundGoesOnOnceThereIsRoom) {
  harness.StartRun(2);
  EXPECT_EQ(Submit(*b).outcome(), v1::SubmitResponse::ACCEPTED);
  const v1::TrainTask task = a->Poll().train();
  files.full = true;
  v1::SubmitResponse response;
  const grpc::Status status = a->Submit(a->MakeUpload(task, payload), response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("No space left"));
  files.full = false;
  EXPECT_EQ(a->Submit(task, payload).outcome(), v1::SubmitResponse::ACCEPTED);
  ExpectTheRoundEnds();
}

TEST_F(FailureTest, ADiskThatIsFullForTheNewModelStopsTheCoordinatorAndLosesNoUpdate) {
  harness.StartRun(2);
  files.models_full = true;
  Submit(*a);
  Submit(*b);
  EXPECT_THAT(FailureMessage(),
              AllOf(HasSubstr("round 1 could not be aggregated"), HasSubstr("No space left")));

  files.models_full = false;
  harness.Restart();
  ExpectTheRoundEnds();
}

TEST_F(FailureTest, ADiskThatVanishesStopsTheCoordinatorAndLosesNothingThatWasAcknowledged) {
  harness.StartRun(2);
  EXPECT_EQ(Submit(*b).outcome(), v1::SubmitResponse::ACCEPTED);
  const v1::TrainTask task = a->Poll().train();
  files.vanished = true;
  v1::SubmitResponse response;
  EXPECT_FALSE(a->Submit(a->MakeUpload(task, payload), response).ok());

  files.vanished = false;
  harness.Restart();
  EXPECT_EQ(harness.Status().round().tasks().accepted(), 1U);
  a = harness.Join("a");
  EXPECT_EQ(Submit(*a).outcome(), v1::SubmitResponse::ACCEPTED);
  ExpectTheRoundEnds();
}

TEST_F(FailureTest, AnUpdateThatIsDamagedBeforeItIsAggregatedIsAskedForAgain) {
  harness.StartRun(2);
  EXPECT_EQ(Submit(*a).outcome(), v1::SubmitResponse::ACCEPTED);
  const auto segment = files.OpenForWrite(harness.directory().File("state/spool/1.segment"));
  ASSERT_TRUE((*segment)->WriteAt(1, AsBytes("damage")).ok());
  Submit(*b);
  EXPECT_EQ(Submit(*a).outcome(), v1::SubmitResponse::ACCEPTED) << "its task is open again";
  ExpectTheRoundEnds();
  const auto events = harness.Events();
  EXPECT_EQ(std::count_if(events.begin(), events.end(),
                          [](const v1::Event& event) { return event.kind() == "update lost"; }),
            1);
}

TEST_F(FailureTest, ADamagedBaseStopsTheCoordinatorBeforeItIsUsed) {
  harness.StartRun(2);
  Submit(*a);
  const std::string base = harness.directory().File(
      "state/models/" + Sha256::Of(AsBytes(harness.model_bytes())).Hex() + ".pt");
  const std::string whole = ReadFile(base).value();
  const auto file = files.OpenForWrite(base);
  ASSERT_TRUE((*file)->WriteAt(whole.size() / 2, AsBytes("damage")).ok());
  Submit(*b);
  EXPECT_THAT(FailureMessage(), HasSubstr("is damaged: its CRC is"));

  ASSERT_TRUE((*file)->WriteAt(0, AsBytes(whole)).ok());  // what the message asks for
  harness.Restart();
  ExpectTheRoundEnds();
}

// The harness's clock, in place of a machine's that was set.
TEST_F(FailureTest, AClockThatWasSetBackDuringARestartDelaysNoDeadline) {
  harness.StartRun(2, 1, [](v1::RunPlan& plan) { plan.set_min_clients(1); });
  Submit(*a);
  harness.clock().Advance(-std::chrono::hours(1));
  harness.Restart();
  harness.Pass(Duration(59'000));
  EXPECT_EQ(harness.Status().phase(), v1::TRAINING);
  harness.Pass(Duration(1'001));
  harness.WaitForPhase(v1::COMPLETED);
}

}  // namespace
}  // namespace fedge::testing
