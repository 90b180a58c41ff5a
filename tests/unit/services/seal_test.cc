// The seals of messages: damage is noticed, whatever it hits, and nothing damaged is executed.
#include "fedge/rpc/seal.h"

#include <gtest/gtest.h>

#include "harness.h"

namespace fedge::testing {
namespace {

v1::JoinRequest MakeJoin() {
  v1::JoinRequest request;
  request.set_min_protocol(1);
  request.set_max_protocol(1);
  request.set_client_id("a");
  request.set_client_key("0123456789abcdef");
  request.set_role(v1::ROLE_TRAINER);
  (*request.mutable_labels())["site"] = "north";
  (*request.mutable_labels())["disk"] = "ssd";
  request.set_num_examples(100);
  return request;
}

v1::PollResponse MakeTask() {
  v1::PollResponse response;
  v1::TrainTask& task = *response.mutable_train();
  task.set_task_id("t/1/a");
  task.mutable_config()->set_learning_rate(0.1);
  task.mutable_config()->set_momentum(-0.0);
  return response;
}

TEST(SealTest, HoldsOverTheWire) {
  v1::JoinRequest request = MakeJoin();
  const std::uint32_t seal = Seal(request);
  v1::JoinRequest received;
  ASSERT_TRUE(received.ParseFromString(request.SerializeAsString()));
  EXPECT_TRUE(SealHolds(received));
  EXPECT_EQ(received.crc32(), seal);
}

TEST(SealTest, NoDamagedBitGoesUnnoticed) {
  v1::PollResponse response = MakeTask();
  constexpr std::uint32_t kRequest = 77;
  SealAnswer(response, kRequest);
  const std::string sent = response.SerializeAsString();
  for (std::size_t bit = 0; bit < 8 * sent.size(); ++bit) {
    std::string damaged = sent;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    v1::PollResponse received;
    if (!received.ParseFromString(damaged)) continue;
    // A field's number has bits that no reader looks at: then it reads what was sent.
    if (AnswerSealHolds(received, kRequest)) {
      EXPECT_EQ(received.SerializeAsString(), sent) << "bit " << bit;
    }
  }
}

TEST(SealTest, AnAnswerIsTakenForNoOtherAndAMessageForNoOtherKind) {
  v1::PollResponse response = MakeTask();
  SealAnswer(response, 1);
  EXPECT_TRUE(AnswerSealHolds(response, 1));
  EXPECT_FALSE(AnswerSealHolds(response, 2));

  v1::PollRequest poll;
  poll.set_session("0123456789abcdef");
  Seal(poll);
  v1::LeaveRequest leave;
  ASSERT_TRUE(leave.ParseFromString(poll.SerializeAsString()));
  EXPECT_EQ(leave.session(), poll.session());
  EXPECT_FALSE(SealHolds(leave));
}

TEST(SealTest, FieldsOfALaterVersionAreCovered) {
  v1::LeaveRequest later;
  later.set_session("0123456789abcdef");
  // As a version would send it that knows more fields than this one: between ours and the seal.
  later.GetReflection()->MutableUnknownFields(&later)->AddVarint(9, 12345);
  const std::uint32_t crc = internal::ComputeSeal(later, nullptr);
  v1::LeaveRequest seal;
  seal.set_crc32(crc);
  v1::LeaveRequest received;
  ASSERT_TRUE(received.ParseFromString(later.SerializeAsString() + seal.SerializeAsString()));
  EXPECT_TRUE(SealHolds(received));
  received.GetReflection()->MutableUnknownFields(&received)->mutable_field(0)->set_varint(12344);
  EXPECT_FALSE(SealHolds(received));
}

TEST(SealTest, AMissingSealIsRefusedOrNotAsTheServiceSays) {
  EXPECT_FALSE(SealHolds(MakeJoin()));
  v1::StartRunRequest request;
  request.mutable_plan()->set_num_rounds(3);
  EXPECT_TRUE(SealHoldsIfAny(request));
  request.GetReflection()->MutableUnknownFields(&request)->AddFixed32(1'000, 5);
  EXPECT_FALSE(SealHoldsIfAny(request)) << "that may be a seal whose tag was damaged";
}

TEST(SealTest, AChunksChecksumContinuesWhatItBelongsTo) {
  const std::string data(1'000, 'x');
  EXPECT_EQ(ChunkCrc32(5, Crc32(AsBytes(data)), data.size()), Crc32(AsBytes(data), 5));
}

TEST(SealedServiceTest, ADamagedRequestIsCountedAndNotExecuted) {
  Harness harness;
  v1::JoinRequest request = MakeJoin();
  Seal(request);
  request.set_num_examples(101);
  const auto client = harness.Connect("a");
  v1::JoinResponse response;
  grpc::ClientContext context;
  const grpc::Status status = client->stub().Join(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(harness.Status().num_trainers(), 0U);
  EXPECT_EQ(harness.server().coordinator().damaged_requests(), 1U);
}

TEST(SealedServiceTest, ADamagedPlanStartsNoRun) {
  Harness harness;
  v1::StartRunRequest request;
  request.mutable_plan()->set_num_rounds(1);
  request.mutable_plan()->set_num_clients(1);
  request.mutable_plan()->mutable_train()->set_learning_rate(0.1);
  Seal(request);
  request.mutable_plan()->mutable_train()->set_learning_rate(100);
  v1::StartRunResponse response;
  grpc::ClientContext context;
  EXPECT_EQ(harness.admin().StartRun(&context, request, &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(harness.Status().run().run(), 0U);
}

TEST(SealedServiceTest, AnswersAreSealed) {
  Harness harness;
  v1::GetStatusRequest request;
  const std::uint32_t seal = Seal(request);
  v1::CoordinatorStatus response;
  grpc::ClientContext context;
  ASSERT_TRUE(harness.admin().GetStatus(&context, request, &response).ok());
  EXPECT_TRUE(AnswerSealHolds(response, seal));
}

}  // namespace
}  // namespace fedge::testing
