#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"
#include "fedge/common/result.h"
#include "fedge/common/training.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator/refusal.h"
#include "fedge/coordinator/spool.h"
#include "fedge/coordinator/update_validator.h"

namespace fedge {

// The model that a round's clients start from, opened.
struct BaseModel {
  ModelRef ref;
  Archive archive;
  Manifest manifest;
};

// What a stream says of the update that it carries.
struct UploadHeader {
  RoundId round = 0;
  ClientId client;
  TrainResult result;
  std::uint64_t payload_bytes = 0;
  std::uint32_t payload_crc32 = 0;
};

// One update on its way into the spool. It outlives the stream that carries it: a stream that was
// cut leaves what arrived, and the next one goes on there. A new stream takes over from the one
// before, whose calls then fail with kAborted. Thread-safe; the actor's calls (Open, Close,
// received) do not wait for a stream's disk.
class Upload {
 public:
  using Ticket = std::uint64_t;  // names one stream

  // `max_norm`: of the update; nullopt: any.
  Upload(std::shared_ptr<const BaseModel> base, Spool& spool, Extent extent, RoundId round,
         ClientId client, std::optional<double> max_norm = std::nullopt);
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  // Gives the extent back to the spool unless it is kept.
  ~Upload();

  // A stream begins; the one before ends.
  Ticket Open() { return ++ticket_; }
  // A saved task names the extent.
  void Keep() { kept_ = true; }
  // No stream gets further.
  void Close() { closed_ = true; }
  // The whole payload is here and was found to be good; no stream gets further.
  bool sealed() const { return sealed_; }
  std::uint64_t received() const { return received_; }
  RoundId round() const { return round_; }
  const ClientId& client() const { return client_; }

  // ---- For the stream with this ticket; kAborted once it is not the newest, or the upload is
  // closed. ---- The stream begins at header.offset: where the one before ended (with the same
  // header otherwise), or 0 to begin anew. kOutOfRange for any other.
  Status Begin(Ticket ticket, const UploadHeader& header, std::uint64_t offset);
  // `crc32` is that of `bytes`. kOutOfRange: not the next bytes. kInvalidArgument: the update is
  // bad, and closed. Other errors leave the upload where it was.
  Status Append(Ticket ticket, std::uint64_t offset, std::span<const std::byte> bytes,
                std::uint32_t crc32);
  // Seals. kInvalidArgument and kDataLoss: the update is bad, and closed.
  Result<Extent> Finish(Ticket ticket);
  // Why Append or Finish found the update bad.
  RefusalCode refusal() const { return refusal_; }

 private:
  Status CheckTicket(Ticket ticket) const;
  Status CloseAsBad(RefusalCode refusal, Status status);

  const std::shared_ptr<const BaseModel> base_;
  Spool& spool_;
  const Extent extent_;
  const RoundId round_;
  const ClientId client_;
  const std::optional<double> max_norm_;

  std::atomic<RefusalCode> refusal_ = RefusalCode::kNone;
  std::atomic<Ticket> ticket_ = 0;
  std::atomic<bool> closed_ = false;
  std::atomic<bool> sealed_ = false;
  std::atomic<bool> kept_ = false;
  std::atomic<std::uint64_t> received_ = 0;

  std::mutex mutex_;  // guards what follows
  std::optional<UploadHeader> header_;
  std::optional<UpdateValidator> validator_;  // of the payload so far; set by Begin
};

}  // namespace fedge
