#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include <grpcpp/support/server_callback.h>

#include "fedge/common/status.h"
#include "fedge/coordinator_rpc/coordinator.h"
#include "fedge/coordinator_rpc/counted_call.h"
#include "fedge/coordinator_rpc/transfer_watch.h"
#include "fedge/coordinator_rpc/upload.h"
#include "fedge/v1/federation.pb.h"

namespace fedge {

class Actor;

// One Submit call. The actor looks at the header and either answers or lets it proceed; chunks are
// then checked and written on the RPC thread that reads them; the actor decides about the whole
// update. At any time one side holds the call: whoever does reads on, hands it over, or ends it
// (Answer, Fail, TurnAway).
class SubmitReactor final : public CountedCall<grpc::ServerReadReactor<v1::SubmitRequest>> {
 public:
  SubmitReactor(Coordinator& coordinator, grpc::CallbackServerContext& context,
                v1::SubmitResponse& response);

  // ---- For the actor, while it holds the call ----
  const v1::SubmitHeader& wire_header() const { return wire_header_; }
  const std::string& task_id() const { return wire_header_.task_id(); }
  // Set by the actor once the session is known.
  const UploadHeader& header() const { return header_; }
  void SetHeader(UploadHeader header) { header_ = std::move(header); }
  // Names this stream.
  std::uint64_t id() const { return id_; }
  Upload& upload() { return *upload_; }

  void Proceed(std::shared_ptr<Upload> upload);
  // `refusal`: the reason of any outcome, with a code if it is REFUSED.
  void Answer(v1::SubmitResponse::Outcome outcome, const Refusal& refusal);
  void Fail(const Status& status);
  // Fail, with a hint when to try again.
  void TurnAway(const Status& status) { TurnAway(status, coordinator_.options().retry_after); }
  void TurnAway(const Status& status, Duration retry_after);

  // ---- For gRPC ----
  void OnReadDone(bool ok) override;
  void OnDone() override;

 private:
  void Watch(Actor& actor);
  void TakeHeader();
  Status TakeChunk();
  // Where the stream begins; before the first chunk, on an RPC thread because an older stream may
  // still be writing.
  Status Begin();
  void Complete();
  void AfterError(const Status& status);

  Coordinator& coordinator_;
  Cuttable cuttable_;
  const std::uint64_t id_;
  std::atomic<std::uint64_t> moved_bytes_ = 0;
  v1::SubmitResponse& response_;
  v1::SubmitRequest message_;
  v1::SubmitHeader wire_header_;
  UploadHeader header_;
  std::shared_ptr<Upload> upload_;
  Upload::Ticket ticket_ = 0;
  bool has_header_ = false;
  bool begun_ = false;
};

}  // namespace fedge
