// Updates on their way in: what is taken, what is refused and why, and how an upload goes on.
#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/coordinator/refusal.h"
#include "fedge/rpc/convert.h"
#include "fedge/rpc/seal.h"
#include "fedge/rpc/status.h"
#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const float kInfinity = std::numeric_limits<float>::infinity();

class SubmitTest : public ::testing::Test {
 protected:
  // A round that waits for two clients, so that one refused update does not end it.
  void Begin(RuntimeOptions options = Harness::QuickOptions()) {
    harness = std::make_unique<Harness>(options);
    a = harness->Join("a");
    b = harness->Join("b");
    harness->StartRun(2, 1, [](v1::RunPlan& plan) { plan.set_min_clients(1); });
    task = a->Poll().train();
    payload = harness->Payload({1, 2, 3, 4}, {0.5F, 0.5F}, 3);
  }
  v1::SubmitResponse SubmitSpec(const UploadSpec& spec) {
    v1::SubmitResponse response;
    const grpc::Status status = a->Submit(spec, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  std::unique_ptr<Harness> harness;
  std::unique_ptr<TestClient> a;
  std::unique_ptr<TestClient> b;
  v1::TrainTask task;
  std::string payload;
};

TEST_F(SubmitTest, AcceptsAGoodUpdateAndRecordsIt) {
  Begin();
  EXPECT_EQ(a->Submit(task, payload, 25).outcome(), v1::SubmitResponse::ACCEPTED);
  const v1::GetRoundResponse round = harness->Round(1);
  EXPECT_EQ(round.round().tasks().accepted(), 1U);
  EXPECT_EQ(round.round().bytes_up(), payload.size());
  ASSERT_EQ(round.tasks_size(), 2);
  EXPECT_EQ(round.tasks(0).state(), "accepted");
  EXPECT_EQ(round.tasks(0).result().num_examples(), 25U);
  EXPECT_EQ(round.tasks(0).bytes_up(), payload.size());
}

TEST_F(SubmitTest, TakesAnUpdateInChunksOfAnySize) {
  Begin();
  UploadSpec spec = a->MakeUpload(task, payload);
  spec.chunk_bytes = 3;
  EXPECT_EQ(SubmitSpec(spec).outcome(), v1::SubmitResponse::ACCEPTED);
}

TEST_F(SubmitTest, ASecondSubmitOfAnAcceptedUpdateIsAcceptedToo) {
  Begin();
  a->Submit(task, payload);
  EXPECT_EQ(a->Submit(task, payload).outcome(), v1::SubmitResponse::ACCEPTED);
  EXPECT_EQ(harness->Round(1).round().tasks().accepted(), 1U);
  v1::UploadStatusResponse status;
  ASSERT_TRUE(a->UploadStatus(task.task_id(), status).ok());
  EXPECT_TRUE(status.accepted());
}

struct BadUpdate {
  const char* name;
  void (*spoil)(UploadSpec&, const Harness&);
  v1::Refusal refusal;
  const char* reason;

  friend void PrintTo(const BadUpdate& update, std::ostream* out) { *out << update.name; }
};

class BadUpdateTest : public SubmitTest, public ::testing::WithParamInterface<BadUpdate> {};

void SetPayload(UploadSpec& spec, std::string payload) {
  spec.payload = std::move(payload);
  spec.header.set_payload_bytes(spec.payload.size());
  spec.header.set_payload_crc32(Crc32(AsBytes(spec.payload)));
}

TEST_P(BadUpdateTest, IsRefusedWithItsReasonAndTheRoundGoesOn) {
  Begin();
  UploadSpec spec = a->MakeUpload(task, payload);
  GetParam().spoil(spec, *harness);
  const v1::SubmitResponse response = SubmitSpec(spec);
  EXPECT_EQ(response.outcome(), v1::SubmitResponse::REFUSED);
  EXPECT_EQ(response.refusal(), GetParam().refusal);
  EXPECT_THAT(response.reason(), HasSubstr(GetParam().reason));

  const v1::GetRoundResponse round = harness->Round(1);
  EXPECT_EQ(round.round().tasks().refused(), 1U);
  EXPECT_EQ(round.tasks(0).state(), "refused");
  EXPECT_EQ(round.tasks(0).reason(), response.reason());
  EXPECT_EQ(round.tasks(0).refusal(), response.refusal());
  grpc::ClientContext context;
  v1::GetClientRequest request;
  request.set_client_id("a");
  v1::GetClientResponse client;
  ASSERT_TRUE(harness->admin().GetClient(&context, request, &client).ok());
  EXPECT_EQ(client.client().last_refusal(), response.reason());
  EXPECT_EQ(client.client().last_refusal_code(), response.refusal());
  const std::vector<v1::Event> events = harness->Events();
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [&](const v1::Event& event) {
    return event.kind() == "update refused" && event.client_id() == "a" &&
           event.message() ==
               response.reason() + " (refusal=" + RefusalName(response.refusal()) + ")";
  }));
  EXPECT_EQ(client.client().num_refused(), 1U);

  EXPECT_EQ(b->Submit(b->Poll().train(), payload).outcome(), v1::SubmitResponse::ACCEPTED);
  harness->WaitForPhase(v1::COMPLETED);
  EXPECT_THAT(Harness::Floats(harness->GlobalModel(), "weight"), ElementsAre(2, 4, 6, 8));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadUpdateTest,
    ::testing::Values(
        BadUpdate{"NotANumber",
                  [](UploadSpec& s, const Harness& h) {
                    SetPayload(s, h.Payload({1, 2, NAN, 4}, {0, 0}));
                  },
                  v1::REFUSAL_NOT_FINITE, "weight"},
        BadUpdate{"NegativeNotANumber",
                  [](UploadSpec& s, const Harness& h) {
                    SetPayload(s, h.Payload({-NAN, 2, 3, 4}, {0, 0}));
                  },
                  v1::REFUSAL_NOT_FINITE, "is NaN; an update must be finite"},
        BadUpdate{"LossNotANumber",
                  [](UploadSpec& s, const Harness&) {
                    s.header.mutable_result()->mutable_after()->set_num_examples(5);
                    s.header.mutable_result()->mutable_after()->set_loss(-NAN);
                  },
                  v1::REFUSAL_NOT_FINITE, "the loss after training is NaN"},
        BadUpdate{"TooLarge",
                  [](UploadSpec& s, const Harness& h) {
                    SetPayload(s, h.Payload({1, 2, 3e38F, 4}, {0, 0}));
                  },
                  v1::REFUSAL_RANGE, "weight"},
        BadUpdate{"BadResult",
                  [](UploadSpec& s, const Harness&) {
                    s.header.mutable_result()->mutable_after()->set_accuracy(3);
                  },
                  v1::REFUSAL_RESULT, "accuracy is 3"},
        BadUpdate{"Infinite",
                  [](UploadSpec& s, const Harness& h) {
                    SetPayload(s, h.Payload({1, 2, 3, 4}, {0, kInfinity}));
                  },
                  v1::REFUSAL_NOT_FINITE, "bias"},
        BadUpdate{"TooShort",
                  [](UploadSpec& s, const Harness&) {
                    SetPayload(s, s.payload.substr(0, s.payload.size() - 8));
                  },
                  v1::REFUSAL_SIZE, "bytes"},
        BadUpdate{
            "TooLong",
            [](UploadSpec& s, const Harness&) { SetPayload(s, s.payload + std::string(8, '\0')); },
            v1::REFUSAL_SIZE, "bytes"},
        BadUpdate{
            "WrongBase",
            [](UploadSpec& s, const Harness&) { s.header.set_base_digest(std::string(32, 'x')); },
            v1::REFUSAL_BASE, "base"},
        BadUpdate{"NoBase", [](UploadSpec& s, const Harness&) { s.header.clear_base_digest(); },
                  v1::REFUSAL_BASE, "digest"},
        BadUpdate{"WrongRun", [](UploadSpec& s, const Harness&) { s.header.set_run(9); },
                  v1::REFUSAL_ROUND, "run 9"},
        BadUpdate{"UnknownCodec", [](UploadSpec& s, const Harness&) { s.header.set_codec("zip"); },
                  v1::REFUSAL_CODEC, "'zip'"},
        BadUpdate{
            "NoWeight",
            [](UploadSpec& s, const Harness&) { s.header.mutable_result()->clear_num_examples(); },
            v1::REFUSAL_WEIGHT, "trained on 0 examples"},
        BadUpdate{"HugeWeight",
                  [](UploadSpec& s, const Harness&) {
                    s.header.mutable_result()->set_num_examples(1ULL << 29);
                  },
                  v1::REFUSAL_WEIGHT, "trained on 536870912 examples"},
        BadUpdate{"WrongChecksum",
                  [](UploadSpec& s, const Harness&) {
                    s.header.set_payload_crc32(s.header.payload_crc32() + 1);
                  },
                  v1::REFUSAL_CHECKSUM, "checksum"}),
    [](const auto& test) { return test.param.name; });

TEST_F(SubmitTest, RefusesAnotherUpdateForAnAcceptedTask) {
  Begin();
  a->Submit(task, payload);
  const v1::SubmitResponse other = a->Submit(task, harness->Payload({9, 9, 9, 9}, {0, 0}));
  EXPECT_EQ(other.outcome(), v1::SubmitResponse::REFUSED);
  EXPECT_EQ(other.refusal(), v1::REFUSAL_DUPLICATE);
  EXPECT_EQ(harness->Round(1).round().tasks().refused(), 1U);
  EXPECT_EQ(harness->Round(1).tasks(0).state(), "accepted");
  EXPECT_EQ(b->Submit(b->Poll().train(), payload).outcome(), v1::SubmitResponse::ACCEPTED);
  harness->WaitForPhase(v1::COMPLETED);
  EXPECT_THAT(Harness::Floats(harness->GlobalModel(), "weight"), ElementsAre(2, 4, 6, 8));
}

TEST_F(SubmitTest, RefusesAWeightAboveTheLimit) {
  RuntimeOptions options = Harness::QuickOptions();
  options.limits.max_weight = 100;
  Begin(options);
  const v1::SubmitResponse heavy = a->Submit(task, payload, 101);
  EXPECT_EQ(heavy.outcome(), v1::SubmitResponse::REFUSED);
  EXPECT_EQ(heavy.refusal(), v1::REFUSAL_WEIGHT);
  EXPECT_EQ(b->Submit(b->Poll().train(), payload, 100).outcome(), v1::SubmitResponse::ACCEPTED);
}

TEST_F(SubmitTest, RefusesAnUpdateWhoseNormIsAboveTheLimit) {
  RuntimeOptions options = Harness::QuickOptions();
  options.max_update_norm = 5.0;
  Begin(options);
  const v1::SubmitResponse large = a->Submit(task, harness->Payload({3, 4, 0, 0}, {0.1F, 0}));
  EXPECT_EQ(large.outcome(), v1::SubmitResponse::REFUSED);
  EXPECT_EQ(large.refusal(), v1::REFUSAL_NORM);
  EXPECT_THAT(large.reason(), HasSubstr("L2 norm is 5.001; at most 5"));
  const std::string just = harness->Payload({3, 4, 0, 0}, {0, 0});
  EXPECT_EQ(b->Submit(b->Poll().train(), just).outcome(), v1::SubmitResponse::ACCEPTED);
}

TEST(RefusalTest, HasTheSameNamesOnTheWire) {
  for (int code = 0; code <= static_cast<int>(kLastRefusalCode); ++code) {
    EXPECT_EQ(RefusalName(static_cast<v1::Refusal>(code)), Name(static_cast<RefusalCode>(code)));
  }
  EXPECT_EQ(RefusalName(static_cast<v1::Refusal>(99)), "refusal-99");
}

TEST_F(SubmitTest, RefusesAClientThatWasNotAsked) {
  Begin();
  const auto c = harness->Join("c");
  v1::TrainTask forged = task;
  forged.set_task_id("1:c");
  const v1::SubmitResponse response = c->Submit(forged, payload);
  EXPECT_EQ(response.outcome(), v1::SubmitResponse::REFUSED);
  EXPECT_EQ(response.refusal(), v1::REFUSAL_NOT_ASKED);
  EXPECT_THAT(response.reason(), HasSubstr("not asked"));
}

TEST_F(SubmitTest, RefusesTheTaskOfAnotherClient) {
  Begin();
  const v1::SubmitResponse response = b->Submit(task, payload);
  EXPECT_EQ(response.outcome(), v1::SubmitResponse::REFUSED);
  EXPECT_THAT(response.reason(), HasSubstr("'1:a'"));
  EXPECT_EQ(a->Submit(task, payload).outcome(), v1::SubmitResponse::ACCEPTED)
      << "the owner is not harmed";
}

TEST_F(SubmitTest, RefusesARoundThatDoesNotExist) {
  Begin();
  task.set_round(5);
  task.set_task_id("5:a");
  const v1::SubmitResponse response = a->Submit(task, payload);
  EXPECT_EQ(response.outcome(), v1::SubmitResponse::REFUSED);
  EXPECT_THAT(response.reason(), HasSubstr("no round 5"));
}

TEST_F(SubmitTest, NeedsASession) {
  Begin();
  UploadSpec spec = a->MakeUpload(task, payload);
  spec.header.set_session("nobody");
  v1::SubmitResponse response;
  EXPECT_EQ(a->Submit(spec, response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(SubmitTest, TellsLateAndSurplusUpdatesSo) {
  Begin();
  const v1::TrainTask task_b = b->Poll().train();
  a->Submit(task, payload);
  harness->Pass(Duration(61'000));
  harness->WaitForPhase(v1::COMPLETED);
  EXPECT_EQ(b->Submit(task_b, payload).outcome(), v1::SubmitResponse::LATE);
  EXPECT_EQ(harness->Round(1).round().tasks().late(), 1U);

  harness->StartRun(1, 1, [](v1::RunPlan& plan) { plan.set_over_select(2); });
  const v1::TrainTask second_a = a->Poll().train();
  const v1::TrainTask second_b = b->Poll().train();
  EXPECT_EQ(a->Submit(second_a, payload).outcome(), v1::SubmitResponse::ACCEPTED);
  EXPECT_EQ(b->Submit(second_b, payload).outcome(), v1::SubmitResponse::SURPLUS);
}

// ---- Streams that break ----

TEST_F(SubmitTest, ADamagedChunkEndsTheStreamButNotTheTask) {
  Begin();
  UploadSpec spec = a->MakeUpload(task, payload);
  spec.flip_crc = 1;
  v1::SubmitResponse response;
  EXPECT_EQ(a->Submit(spec, response).error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(a->Submit(task, payload).outcome(), v1::SubmitResponse::ACCEPTED);
}

TEST_F(SubmitTest, AGapBetweenChunksEndsTheStreamButNotTheTask) {
  Begin();
  UploadSpec spec = a->MakeUpload(task, payload);
  spec.shift_offset = 4;
  v1::SubmitResponse response;
  const grpc::Status status = a->Submit(spec, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_THAT(status.error_message(), HasSubstr("begins at byte 4"));
  EXPECT_EQ(a->Submit(task, payload).outcome(), v1::SubmitResponse::ACCEPTED);
}

TEST_F(SubmitTest, AnUploadThatWasCutGoesOnWhereItWas) {
  Begin();
  UploadSpec spec = a->MakeUpload(task, payload);
  spec.chunk_bytes = 8;
  spec.stop_after = 16;
  v1::SubmitResponse response;
  EXPECT_EQ(a->Submit(spec, response).error_code(), grpc::StatusCode::OUT_OF_RANGE);

  v1::UploadStatusResponse status;
  ASSERT_TRUE(a->UploadStatus(task.task_id(), status).ok());
  EXPECT_EQ(status.received_bytes(), 16U);
  EXPECT_FALSE(status.accepted());

  UploadSpec rest = a->MakeUpload(task, payload);
  rest.header.set_offset(status.received_bytes());
  EXPECT_EQ(SubmitSpec(rest).outcome(), v1::SubmitResponse::ACCEPTED);
  b->ReportFailure(b->Poll().train().task_id(), "no data");
  harness->WaitForPhase(v1::COMPLETED);
  EXPECT_THAT(Harness::Floats(harness->GlobalModel(), "weight"), ElementsAre(2, 4, 6, 8));
}

TEST_F(SubmitTest, AnUploadCannotGoOnElsewhereOrWithAnotherUpdate) {
  Begin();
  UploadSpec spec = a->MakeUpload(task, payload);
  spec.stop_after = 16;
  v1::SubmitResponse response;
  a->Submit(spec, response);

  UploadSpec elsewhere = a->MakeUpload(task, payload);
  elsewhere.header.set_offset(8);
  const grpc::Status status = a->Submit(elsewhere, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_THAT(status.error_message(), HasSubstr("16 bytes are here"));

  UploadSpec other = a->MakeUpload(task, harness->Payload({9, 9, 9, 9}, {0, 0}));
  other.header.set_offset(16);
  EXPECT_EQ(a->Submit(other, response).error_code(), grpc::StatusCode::OUT_OF_RANGE);
  other.header.set_offset(0);
  EXPECT_EQ(SubmitSpec(other).outcome(), v1::SubmitResponse::ACCEPTED)
      << "from the beginning, anything goes";
}

TEST_F(SubmitTest, ANewStreamTakesOverFromOneThatHangs) {
  Begin();
  grpc::ClientContext context;
  v1::SubmitResponse ignored;
  const auto hanging = a->stub().Submit(&context, &ignored);
  const UploadSpec spec = a->MakeUpload(task, payload);
  v1::SubmitRequest message;
  *message.mutable_header() = spec.header;
  const std::uint32_t seal = Seal(*message.mutable_header());
  ASSERT_TRUE(hanging->Write(message));
  message.mutable_chunk()->set_data(payload.substr(0, 8));
  message.mutable_chunk()->set_crc32(Crc32(AsBytes(message.chunk().data()), seal));
  ASSERT_TRUE(hanging->Write(message));
  v1::UploadStatusResponse status;
  while (status.received_bytes() < 8) ASSERT_TRUE(a->UploadStatus(task.task_id(), status).ok());

  EXPECT_EQ(a->Submit(task, payload).outcome(), v1::SubmitResponse::ACCEPTED);
  message.mutable_chunk()->set_offset(8);
  hanging->Write(message);
  EXPECT_EQ(hanging->Finish().error_code(), grpc::StatusCode::ABORTED);
}

TEST_F(SubmitTest, AStreamWithoutAHeaderOrWithTwoIsAnError) {
  Begin();
  grpc::ClientContext context;
  v1::SubmitResponse response;
  const auto without = a->stub().Submit(&context, &response);
  v1::SubmitRequest message;
  message.mutable_chunk()->set_data("abc");
  without->Write(message);
  EXPECT_EQ(without->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);

  grpc::ClientContext second;
  const auto with_two = a->stub().Submit(&second, &response);
  *message.mutable_header() = a->MakeUpload(task, payload).header;
  Seal(*message.mutable_header());
  with_two->Write(message);
  with_two->Write(message);
  EXPECT_EQ(with_two->Finish().error_code(), grpc::StatusCode::OUT_OF_RANGE);
}

TEST_F(SubmitTest, MoreUploadsThanAllowedAreTurnedAwayWithAHint) {
  RuntimeOptions options = Harness::QuickOptions();
  options.max_uploads = 1;
  options.small_update_bytes = 0;
  Begin(options);
  const v1::TrainTask task_b = b->Poll().train();
  grpc::ClientContext context;
  v1::SubmitResponse ignored;
  const auto open = b->stub().Submit(&context, &ignored);
  v1::SubmitRequest message;
  *message.mutable_header() = b->MakeUpload(task_b, payload).header;
  const std::uint32_t seal = Seal(*message.mutable_header());
  ASSERT_TRUE(open->Write(message));
  message.mutable_chunk()->set_data(payload.substr(0, 8));
  message.mutable_chunk()->set_crc32(Crc32(AsBytes(message.chunk().data()), seal));
  ASSERT_TRUE(open->Write(message));
  v1::UploadStatusResponse status;
  while (status.received_bytes() < 8) ASSERT_TRUE(b->UploadStatus(task_b.task_id(), status).ok());

  grpc::ClientContext turned_away;
  v1::SubmitResponse response;
  const grpc::Status refused = a->Submit(a->MakeUpload(task, payload), response, &turned_away);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_GT(RetryAfter(refused), Duration::zero());

  context.TryCancel();
  open->Finish();
  grpc::Status later;
  do {
    grpc::ClientContext again;
    later = a->Submit(a->MakeUpload(task, payload), response, &again);
  } while (later.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(response.outcome(), v1::SubmitResponse::ACCEPTED);
}

}  // namespace
}  // namespace fedge::testing
