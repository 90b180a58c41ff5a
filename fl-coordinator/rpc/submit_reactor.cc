#include "fedge/coordinator_rpc/submit_reactor.h"

#include <utility>

#include "fedge/common/hash.h"
#include "fedge/coordinator_rpc/call_id.h"
#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/coordinator_rpc/upload_handlers.h"
#include "fedge/rpc/seal.h"
#include "fedge/rpc/status.h"
#include "fedge/rpc/transport.h"

namespace fedge {

// The numbers on the wire are those of the code.
static_assert(static_cast<int>(v1::REFUSAL_DUPLICATE) == static_cast<int>(kLastRefusalCode));

SubmitReactor::SubmitReactor(Coordinator& coordinator, grpc::CallbackServerContext& context,
                             v1::SubmitResponse& response)
    : CountedCall(coordinator.metrics(), MethodOf<v1::SubmitRequest>()),
      coordinator_(coordinator),
      cuttable_(context),
      id_(NextCallId()),
      response_(response) {
  if (coordinator_.TryPost([this](Actor& actor) { Watch(actor); })) {
    StartRead(&message_);
  } else {
    TurnAway(Busy());
  }
}

void SubmitReactor::Watch(Actor& actor) {
  actor.transfers().Add(id_,
                        {.moved = [this]() -> std::uint64_t { return moved_bytes_; },
                         .cut = [this] { cuttable_.Cut(); }},
                        actor.now());
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
  SealAnswer(response_, wire_header_.crc32());
  Finish(grpc::Status::OK);
}

void SubmitReactor::Fail(const Status& status) { Finish(ToGrpc(status)); }

void SubmitReactor::TurnAway(const Status& status, Duration retry_after) {
  Finish(ToGrpc(status, retry_after));
}

void SubmitReactor::OnReadDone(bool ok) {
  if (!has_header_) {
    if (!ok) return Fail(Unavailable("the stream ended before a header"));
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
  if (!message_.has_header())
    return Fail(Unavailable("the stream began without a header: damaged, or no upload"));
  has_header_ = true;
  wire_header_ = std::move(*message_.mutable_header());
  if (!IsIntact(coordinator_, wire_header_, Sealing::kRequired)) return Fail(DamagedRequest());
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
  const std::uint32_t crc32 = Crc32(bytes);
  if (ChunkCrc32(wire_header_.crc32(), crc32, bytes.size()) != chunk.crc32()) {
    coordinator_.CountDamagedRequest();
    return OutOfRange("the chunk at byte {} was damaged on its way", chunk.offset());
  }
  moved_bytes_ += bytes.size();
  return upload_->Append(ticket_, chunk.offset(), bytes, crc32);
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
  cuttable_.End();
  // The actor may be about to cut this stream: it lets go of it first.
  coordinator_.Post([this](Actor& actor) {
    actor.transfers().Remove(id_);
    actor.uploads().permits().Release(id_, actor.now());
    delete this;
  });
}

}  // namespace fedge
