// Limits on transfers: turns, streams that do not move, the disk's budget.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/rpc/seal.h"
#include "fedge/rpc/status.h"
#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::HasSubstr;

const std::vector<float> kWeight = {1, 1, 1, 1};
const std::vector<float> kBias = {1, 1};

RuntimeOptions OneAtATime() {
  RuntimeOptions options = Harness::QuickOptions();
  options.max_uploads = 1;
  options.small_update_bytes = 1;
  return options;
}

// A Submit stream that brought a part of its update and then no more.
class SlowUpload {
 public:
  SlowUpload(TestClient& client, const v1::TrainTask& task, const std::string& payload,
             std::size_t bytes)
      : writer_(client.stub().Submit(&context_, &response_)) {
    v1::SubmitRequest message;
    *message.mutable_header() = client.MakeUpload(task, payload).header;
    const std::uint32_t seal = Seal(*message.mutable_header());
    EXPECT_TRUE(writer_->Write(message));
    message.mutable_chunk()->set_data(payload.substr(0, bytes));
    message.mutable_chunk()->set_crc32(Crc32(AsBytes(message.chunk().data()), seal));
    EXPECT_TRUE(writer_->Write(message));
    v1::UploadStatusResponse status;
    while (status.received_bytes() < bytes)
      EXPECT_TRUE(client.UploadStatus(task.task_id(), status).ok());
  }
  grpc::Status End() { return writer_->Finish(); }

 private:
  grpc::ClientContext context_;
  v1::SubmitResponse response_;
  std::unique_ptr<grpc::ClientWriter<v1::SubmitRequest>> writer_;
};

// Asks for a turn; the status once the coordinator answers.
std::future<grpc::Status> AskForTurn(TestClient& client, const std::string& task) {
  return std::async(std::launch::async, [&client, task] {
    grpc::ClientContext context;
    v1::UploadStatusRequest request;
    request.set_session(client.terms().session());
    request.set_task_id(task);
    request.set_payload_bytes(1'000'000);
    Seal(request);
    v1::UploadStatusResponse response;
    return client.stub().UploadStatus(&context, request, &response);
  });
}

void WaitForWaiting(Harness& harness, std::size_t clients) {
  for (std::size_t waiting = clients + 1; waiting != clients;) {
    harness.OnActor([&](Actor& actor) { waiting = actor.uploads().permits().waiting(); });
  }
}

// A round of two clients: the update of `a` has begun, and does not go on.
struct SlowRound {
  explicit SlowRound(const RuntimeOptions& options) : harness(options) {
    a = harness.Join("a");
    b = harness.Join("b");
    harness.StartRun(2);
    task_a = a->Poll().train();
    task_b = b->Poll().train();
    slow.emplace(*a, task_a, payload, 8);
  }

  Harness harness;
  std::unique_ptr<TestClient> a, b;
  v1::TrainTask task_a, task_b;
  const std::string payload = harness.Payload(kWeight, kBias);
  std::optional<SlowUpload> slow;
};

TEST(TransferLimitTest, AStreamThatDoesNotMoveLosesItsTurnAndGoesOnLater) {
  RuntimeOptions options = OneAtATime();
  options.transfer_stall = Duration(10'000);
  SlowRound round(options);
  auto turn = AskForTurn(*round.b, round.task_b.task_id());
  WaitForWaiting(round.harness, 1);

  round.harness.Pass(Duration(10'000));
  round.harness.Pass(Duration(1'000));
  EXPECT_FALSE(round.slow->End().ok());
  EXPECT_TRUE(turn.get().ok()) << "b's turn has come";
  EXPECT_EQ(round.b->Submit(round.task_b, round.payload).outcome(), v1::SubmitResponse::ACCEPTED);

  v1::UploadStatusResponse status;
  ASSERT_TRUE(round.a->UploadStatus(round.task_a.task_id(), status).ok());
  EXPECT_EQ(status.received_bytes(), 8U) << "what came is kept";
  // b's stream may not have ended yet when its client has the answer.
  ASSERT_TRUE(AskForTurn(*round.a, round.task_a.task_id()).get().ok());
  UploadSpec rest = round.a->MakeUpload(round.task_a, round.payload);
  rest.header.set_offset(8);
  v1::SubmitResponse response;
  ASSERT_TRUE(round.a->Submit(rest, response).ok());
  EXPECT_EQ(response.outcome(), v1::SubmitResponse::ACCEPTED);
}

// Sixteen that trickle must not hold up a fleet.
TEST(TransferLimitTest, ASlowStreamLosesItsTurnOnlyToSomebodyWhoWaits) {
  RuntimeOptions options = OneAtATime();
  options.transfer_stall = Duration(10'000);
  options.min_transfer_rate = 0;
  SlowRound round(options);
  round.harness.Pass(Duration(11'000));
  std::size_t streams = 0;
  round.harness.OnActor([&](Actor& actor) { streams = actor.transfers().size(); });
  EXPECT_EQ(streams, 1U) << "it moves, and nobody waits";

  auto turn = AskForTurn(*round.b, round.task_b.task_id());
  WaitForWaiting(round.harness, 1);
  round.harness.Pass(Duration(11'000));
  EXPECT_FALSE(round.slow->End().ok());
  EXPECT_TRUE(turn.get().ok());
}

TEST(TransferLimitTest, AStreamWithoutAHeaderIsCut) {
  Harness harness;
  const auto a = harness.Join("a");
  grpc::ClientContext context;
  v1::SubmitResponse response;
  const auto silent = a->stub().Submit(&context, &response);
  for (std::size_t streams = 0; streams == 0;) {
    harness.OnActor([&](Actor& actor) { streams = actor.transfers().size(); });
  }
  harness.Pass(Duration(10'500));
  EXPECT_FALSE(silent->Finish().ok());
  for (std::size_t streams = 1; streams > 0;) {
    harness.OnActor([&](Actor& actor) { streams = actor.transfers().size(); });
  }
}

TEST(TransferLimitTest, WhoAsksForATurnInVainIsToldToAskAgain) {
  SlowRound round(OneAtATime());
  auto turn = AskForTurn(*round.b, round.task_b.task_id());
  WaitForWaiting(round.harness, 1);
  round.harness.Pass(Duration(15'500));
  const grpc::Status later = turn.get();
  EXPECT_EQ(later.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_GT(RetryAfter(later), Duration(0));
}

grpc::Status StartOneRound(Harness& harness, std::uint32_t num_clients) {
  v1::StartRunRequest request;
  v1::RunPlan& plan = *request.mutable_plan();
  plan.set_num_clients(num_clients);
  plan.set_num_rounds(1);
  plan.set_deadline_ms(60'000);
  plan.mutable_train()->set_learning_rate(0.1);
  grpc::ClientContext context;
  v1::StartRunResponse response;
  return harness.admin().StartRun(&context, request, &response);
}

TEST(DiskBudgetTest, ARoundThatDoesNotFitTheSpoolIsRefusedBeforeItStarts) {
  RuntimeOptions options = Harness::QuickOptions();
  options.spool_limit = 100;
  Harness harness(options);
  const grpc::Status status = StartOneRound(harness, 100);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("--spool-limit"));
}

TEST(DiskBudgetTest, ARoundThatLeavesTooLittleFreeIsRefusedBeforeItStarts) {
  RuntimeOptions options = Harness::QuickOptions();
  options.min_free_bytes = ~std::uint64_t{0};
  Harness harness(options);
  const grpc::Status status = StartOneRound(harness, 1);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("--min-free"));
}

}  // namespace
}  // namespace fedge::testing
