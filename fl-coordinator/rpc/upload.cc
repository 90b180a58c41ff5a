#include "fedge/coordinator_rpc/upload.h"

#include <utility>

namespace fedge {
namespace {

// A stream may go on only with the update that the one before began.
bool SameUpdate(const UploadHeader& a, const UploadHeader& b) {
  return a.payload_bytes == b.payload_bytes && a.payload_crc32 == b.payload_crc32 &&
         a.result.num_examples == b.result.num_examples;
}

}  // namespace

Upload::Upload(std::shared_ptr<const BaseModel> base, Spool& spool, Extent extent, RoundId round,
               ClientId client, std::optional<double> max_norm)
    : base_(std::move(base)),
      spool_(spool),
      extent_(extent),
      round_(round),
      client_(std::move(client)),
      max_norm_(max_norm) {}

Upload::~Upload() {
  if (!kept_) spool_.Release(extent_);
}

Status Upload::CheckTicket(Ticket ticket) const {
  if (closed_ || sealed_)
    return Aborted("the update of client '{}' in round {} is not taken any more", client_, round_);
  if (ticket_ == ticket) return OkStatus();
  return Aborted("another stream of client '{}' took over this upload", client_);
}

Status Upload::CloseAsBad(RefusalCode refusal, Status status) {
  refusal_ = refusal;
  closed_ = true;
  return status;
}

Status Upload::Begin(Ticket ticket, const UploadHeader& header, std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  FEDGE_RETURN_IF_ERROR(CheckTicket(ticket));
  if (offset == 0) {
    validator_.emplace(base_->archive, base_->manifest, max_norm_);
    received_ = 0;
  } else if (offset != received_ || !header_ || !SameUpdate(*header_, header)) {
    return OutOfRange(
        "an upload cannot go on at byte {} of this update; {} bytes are here: go on there with the "
        "same update, or at 0",
        offset, received());
  }
  header_ = header;
  return OkStatus();
}

Status Upload::Append(Ticket ticket, std::uint64_t offset, std::span<const std::byte> bytes,
                      std::uint32_t crc32) {
  const std::lock_guard lock(mutex_);
  FEDGE_RETURN_IF_ERROR(CheckTicket(ticket));
  if (offset != received_)
    return OutOfRange("a chunk begins at byte {}; the next one is {}", offset, received());
  if (bytes.size() > extent_.size - offset) {
    return CloseAsBad(
        RefusalCode::kSize,
        InvalidArgument("the payload is longer than the {} bytes that the model's layout has",
                        extent_.size));
  }
  // The spool first: when its disk fails, the validator must still stand where the upload does.
  FEDGE_RETURN_IF_ERROR(spool_.Write(extent_, offset, bytes));
  if (Status status = validator_->Consume(bytes, crc32); !status.ok()) {
    return CloseAsBad(validator_->refusal(), std::move(status));
  }
  received_ = offset + bytes.size();
  return OkStatus();
}

Result<Extent> Upload::Finish(Ticket ticket) {
  const std::lock_guard lock(mutex_);
  FEDGE_RETURN_IF_ERROR(CheckTicket(ticket));
  if (Status status = validator_->Finish(header_->payload_crc32); !status.ok()) {
    return CloseAsBad(validator_->refusal(), std::move(status));
  }
  sealed_ = true;
  Extent extent = extent_;
  extent.crc32 = header_->payload_crc32;
  return extent;
}

}  // namespace fedge
