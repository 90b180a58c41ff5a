#include "fedge/coordinator_rpc/submit_reactor.h"

#include <utility>

#include "fedge/common/hash.h"
#include "fedge/coordinator_rpc/coordinator.h"
#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/coordinator_rpc/upload_handlers.h"
#include "fedge/rpc/status.h"
#include "fedge/rpc/transport.h"

namespace fedge {

// The numbers on the wire are those of the code.
static_assert(static_cast<int>(v1::REFUSAL_DUPLICATE) == static_cast<int>(kLastRefusalCode));

SubmitReactor::SubmitReactor(Coordinator& coordinator, grpc::CallbackServerContext& context,
                             v1::SubmitResponse& response)
    : CountedCall(coordinator.metrics(), MethodOf<v1::SubmitRequest>()),
      coordinator_(coordinator),
      context_(context),
      response_(response) {
  StartRead(&message_);
}

void SubmitReactor::Proceed(std::shared_ptr<Upload> upload) {
  upload_ = std::move(upload);
  ticket_ = upload_->Open();
  StartRead(&message_);
}

void SubmitReactor::Answer(v1::SubmitResponse::Outcome outcome, const Refusal& refusal) {
  response_.set_outcome(outcome);
  response_.set_reason(refusal.reason);
  response_.set_refusal(static_cast<v1::Refusal>(refusal.code));
  Finish(grpc::Status::OK);
}

void SubmitReactor::Fail(const Status& status) { Finish(ToGrpc(status)); }

void SubmitReactor::TurnAway(const Status& status) {
  SetRetryAfter(context_, coordinator_.options().retry_after);
  Finish(ToGrpc(status));
}

void SubmitReactor::OnReadDone(bool ok) {
  if (!has_header_) {
    if (!ok) return Fail(InvalidArgument("the stream ended before a header"));
    return TakeHeader();
  }
  if (!begun_) {
    if (const Status status = Begin(); !status.ok()) return AfterError(status);
  }
  if (ok) {
    if (const Status status = TakeChunk(); !status.ok()) return AfterError(status);
  }
  if (upload_->received() == header_.payload_bytes) return Complete();
  if (!ok)
    return Fail(OutOfRange("the stream ended after {} of {} bytes", upload_->received(),
                           header_.payload_bytes));
  StartRead(&message_);
}

void SubmitReactor::TakeHeader() {
  if (!message_.has_header()) return Fail(InvalidArgument("the stream must begin with a header"));
  has_header_ = true;
  wire_header_ = std::move(*message_.mutable_header());
  if (!coordinator_.TryPost([this](Actor& actor) { BeginUpload(actor, *this); })) TurnAway(Busy());
}

Status SubmitReactor::Begin() {
  begun_ = true;
  return upload_->Begin(ticket_, header_, wire_header_.offset());
}

Status SubmitReactor::TakeChunk() {
  if (!message_.has_chunk()) return OutOfRange("after the header a stream has chunks only");
  const v1::SubmitChunk& chunk = message_.chunk();
  const auto bytes = AsBytes(chunk.data());
  metrics().BytesReceived(bytes.size());
  if (bytes.size() > kMaxChunkBytes)
    return OutOfRange("a chunk has {} bytes; at most {}", bytes.size(), kMaxChunkBytes);
  if (Crc32(bytes) != chunk.crc32())
    return OutOfRange("the chunk at byte {} was damaged on its way", chunk.offset());
  return upload_->Append(ticket_, chunk.offset(), bytes);
}

void SubmitReactor::Complete() {
  Result<Extent> extent = upload_->Finish(ticket_);
  if (!extent.ok()) return AfterError(extent.status());
  coordinator_.Post([this, extent = *extent](Actor& actor) { FinishUpload(actor, *this, extent); });
}

void SubmitReactor::AfterError(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kDataLoss:
      return coordinator_.Post([this, refusal = Refusal{upload_->refusal(), status.message()}](
                                   Actor& actor) { RefuseUpload(actor, *this, refusal); });
    case StatusCode::kAborted:
    case StatusCode::kNotFound:  // the round's segment is gone
      return coordinator_.Post([this](Actor& actor) { ResolveInterruptedUpload(actor, *this); });
    case StatusCode::kOutOfRange:
      // The stream is wrong, not the update: what arrived is kept, and the client may go on there.
      return Fail(status);
    default:
      return TurnAway(status);
  }
}

void SubmitReactor::OnDone() {
  if (holds_permit_) {
    coordinator_.Post(
        [bytes = header_.payload_bytes](Actor& actor) { actor.uploads().Release(bytes); });
  }
  delete this;
}

}  // namespace fedge
