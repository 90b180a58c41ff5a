#include "fedge/client_rpc/submit_stream.h"

#include <algorithm>
#include <span>
#include <utility>

#include <grpcpp/support/client_callback.h>

#include "fedge/client_rpc/call_status.h"
#include "fedge/client_rpc/convert.h"
#include "fedge/common/hash.h"
#include "fedge/rpc/seal.h"
#include "fedge/rpc/status.h"

namespace fedge::client {
namespace {

// Lives from its start to OnDone. Holds one chunk of the payload at a time.
class SubmitStream final : public grpc::ClientWriteReactor<v1::SubmitRequest> {
 public:
  SubmitStream(grpc::ClientContext& context, SendSubmit submit, std::function<void(Event)> done)
      : context_(context),
        submit_(std::move(submit)),
        done_(std::move(done)),
        offset_(submit_.offset) {}

  void Start(v1::Federation::Stub::async_interface& stub) {
    context_.set_initial_metadata_corked(true);  // a small update is one packet
    stub.Submit(&context_, &response_, this);
    *request_.mutable_header() = ToHeader(submit_);
    seal_ = Seal(*request_.mutable_header());
    Write(grpc::WriteOptions().set_buffer_hint());
    StartCall();
  }

  void OnWriteDone(bool ok) override {
    if (!ok || finished_) return;  // not ok: answered before the end, or cut off; OnDone says which
    const auto rest = payload().subspan(offset_);
    const auto bytes = rest.first(std::min(rest.size(), submit_.max_chunk_bytes));
    v1::SubmitChunk& chunk = *request_.mutable_chunk();
    chunk.set_offset(offset_);
    chunk.set_data(bytes.data(), bytes.size());
    chunk.set_crc32(Crc32(bytes, seal_));
    offset_ += bytes.size();
    Write(grpc::WriteOptions());
  }

  void OnDone(const grpc::Status& status) override {
    Submitted submitted{submit_.call, Internal("not answered")};
    if (status.ok() && !AnswerSealHolds(response_, seal_)) {
      submitted.result = DamagedAnswer();
    } else if (status.ok()) {
      submitted.result = FromProto(response_);
    } else {
      submitted.result = FromCall(status);
      submitted.retry_after = RetryAfter(status);
    }
    const auto done = std::move(done_);
    delete this;
    done(std::move(submitted));
  }

 private:
  std::span<const std::byte> payload() const { return submit_.update->output.payload; }

  void Write(grpc::WriteOptions options) {
    finished_ = offset_ >= payload().size();
    if (finished_) {
      StartWriteLast(&request_, options.clear_buffer_hint());
    } else {
      StartWrite(&request_, options);
    }
  }

  grpc::ClientContext& context_;
  SendSubmit submit_;
  std::function<void(Event)> done_;
  v1::SubmitRequest request_;
  v1::SubmitResponse response_;
  std::uint32_t seal_ = 0;  // the header's
  std::uint64_t offset_;    // of what is not written yet
  bool finished_ = false;
};

}  // namespace

void StartSubmit(v1::Federation::Stub::async_interface& stub, grpc::ClientContext& context,
                 SendSubmit submit, std::function<void(Event)> done) {
  (new SubmitStream(context, std::move(submit), std::move(done)))->Start(stub);
}

}  // namespace fedge::client
