#include "fedge/client_rpc/convert.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "fedge/rpc/convert.h"
#include "fedge/rpc/transport.h"
#include "fedge/version.h"

namespace fedge::client {
namespace {

// The versions of the protocol that this client speaks.
constexpr std::uint32_t kMinProtocol = 1;
constexpr std::uint32_t kMaxProtocol = 1;

// What a coordinator may ask for.
constexpr std::uint32_t kMaxHoldMs = 120'000;
constexpr std::uint32_t kMinChunkBytes = 1024;
constexpr std::size_t kMaxReportBytes = 1024;

// A large chunk gains nothing, and each upload holds one.
constexpr std::uint32_t kPreferredChunkBytes = 256u << 10;

Result<ContentRef> FromProto(const v1::ContentRef& content) {
  FEDGE_ASSIGN_OR_RETURN(const Digest digest, DigestFromBytes(content.digest()));
  if (content.size() == 0) return InvalidArgument("a model of 0 bytes");
  return ContentRef{digest, content.size()};
}

template <typename Message>
Result<Task> CommonOf(const Message& message, Task::Kind kind) {
  if (message.task_id().empty()) return InvalidArgument("a task without an id");
  FEDGE_ASSIGN_OR_RETURN(const ContentRef model, FromProto(message.model()));
  return Task{.kind = kind,
              .id = message.task_id(),
              .run = message.run(),
              .round = message.round(),
              .model = model,
              .config = {}};
}

Result<Task> FromProto(const v1::TrainTask& message) {
  FEDGE_ASSIGN_OR_RETURN(Task task, CommonOf(message, Task::Kind::kTrain));
  FEDGE_ASSIGN_OR_RETURN(task.config, fedge::FromProto(message.config()));
  return task;
}

}  // namespace

v1::JoinRequest ToProto(const Profile& profile) {
  v1::JoinRequest request;
  request.set_min_protocol(kMinProtocol);
  request.set_max_protocol(kMaxProtocol);
  request.set_client_id(profile.id);
  request.set_client_key(profile.key.data(), profile.key.size());
  request.set_role(profile.role == Role::kEvaluator ? v1::ROLE_EVALUATOR : v1::ROLE_TRAINER);
  for (const auto& [key, value] : profile.labels) (*request.mutable_labels())[key] = value;
  request.set_num_examples(profile.num_examples);
  request.set_software("fl-client " + std::string(kVersion));
  return request;
}

Result<SessionTerms> FromProto(const v1::JoinResponse& response) {
  if (response.protocol() < kMinProtocol || response.protocol() > kMaxProtocol) {
    return FailedPrecondition("the coordinator chose protocol {}; this client speaks {} to {}",
                              response.protocol(), kMinProtocol, kMaxProtocol);
  }
  if (response.session().empty())
    return InvalidArgument("the coordinator opened a session without a name");
  SessionTerms terms;
  terms.session = response.session();
  terms.max_hold = Duration(std::min(response.max_hold_ms(), kMaxHoldMs));
  terms.max_chunk_bytes =
      response.max_chunk_bytes() == 0
          ? kPreferredChunkBytes
          : std::clamp(response.max_chunk_bytes(), kMinChunkBytes, kPreferredChunkBytes);
  terms.coordinator_id = response.coordinator_id();
  return terms;
}

Result<PollAnswer> FromProto(const v1::PollResponse& response) {
  switch (response.answer_case()) {
    case v1::PollResponse::kTrain: {
      FEDGE_ASSIGN_OR_RETURN(Task task, FromProto(response.train()));
      return PollAnswer(std::move(task));
    }
    case v1::PollResponse::kEvaluate: {
      FEDGE_ASSIGN_OR_RETURN(Task task, CommonOf(response.evaluate(), Task::Kind::kEvaluate));
      return PollAnswer(std::move(task));
    }
    case v1::PollResponse::kStop:
      return PollAnswer(Stop{response.stop().task_id(), response.stop().reason()});
    case v1::PollResponse::kWait:
      return PollAnswer(Wait{Duration(response.wait().retry_after_ms())});
    case v1::PollResponse::kGone:
      return PollAnswer(Gone{response.gone().reason(), Duration(response.gone().retry_after_ms())});
    case v1::PollResponse::ANSWER_NOT_SET:
      break;
  }
  return InvalidArgument("the coordinator answered a poll with nothing this client knows");
}

v1::SubmitHeader ToHeader(const SendSubmit& submit) {
  const TrainOutput& output = submit.update->output;
  v1::SubmitHeader header;
  header.set_session(submit.session);
  header.set_task_id(submit.task.id);
  header.set_run(submit.task.run);
  header.set_round(submit.task.round);
  header.set_base_digest(ToBytes(submit.task.model.digest));
  header.set_codec("dense");
  header.set_payload_bytes(output.payload.size());
  header.set_payload_crc32(submit.update->crc32);
  header.set_offset(submit.offset);
  *header.mutable_result() = fedge::ToProto(output.result);
  return header;
}

Result<SubmitAnswer> FromProto(const v1::SubmitResponse& response) {
  switch (response.outcome()) {
    case v1::SubmitResponse::ACCEPTED:
      return SubmitAnswer{Outcome::kAccepted, response.reason()};
    case v1::SubmitResponse::REFUSED:
      return SubmitAnswer{Outcome::kRefused, fmt::format("{} (refusal={})", response.reason(),
                                                         RefusalName(response.refusal()))};
    case v1::SubmitResponse::LATE:
      return SubmitAnswer{Outcome::kLate, response.reason()};
    case v1::SubmitResponse::SURPLUS:
      return SubmitAnswer{Outcome::kSurplus, response.reason()};
    default:
      return InvalidArgument("the coordinator answered an update with outcome {}",
                             static_cast<int>(response.outcome()));
  }
}

v1::ReportRequest ToProto(const SendReport& report) {
  v1::ReportRequest request;
  request.set_session(report.session);
  request.set_task_id(report.task_id);
  if (const auto* failure = std::get_if<Failure>(&report.report)) {
    request.set_failure(failure->reason.substr(0, kMaxReportBytes));
    if (failure->not_finite) request.set_refusal(v1::REFUSAL_NOT_FINITE);
  } else {
    *request.mutable_evaluation() = fedge::ToProto(std::get<Metrics>(report.report));
  }
  return request;
}

}  // namespace fedge::client
