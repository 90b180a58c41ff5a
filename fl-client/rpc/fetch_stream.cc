#include "fedge/client_rpc/fetch_stream.h"

#include <utility>

#include <grpcpp/support/client_callback.h>

#include "fedge/client_rpc/call_status.h"
#include "fedge/common/hash.h"
#include "fedge/rpc/convert.h"
#include "fedge/rpc/seal.h"

namespace fedge::client {
namespace {

// Lives from its start to OnDone.
class FetchStream final : public grpc::ClientReadReactor<v1::FetchChunk> {
 public:
  FetchStream(grpc::ClientContext& context, std::unique_ptr<ModelDownload> download,
              std::function<void(FetchEnded)> done)
      : context_(context), download_(std::move(download)), done_(std::move(done)) {}

  void Start(v1::Federation::Stub::async_interface& stub, const std::string& session) {
    request_.set_session(session);
    request_.set_digest(ToBytes(download_->model().digest));
    request_.set_offset(download_->offset());
    Seal(request_);
    stub.Fetch(&context_, &request_, this);
    StartRead(&chunk_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;  // the end, of one kind or the other
    status_ = download_->Append(chunk_.offset(), AsBytes(chunk_.data()), chunk_.crc32(),
                                request_.crc32());
    if (!status_.ok()) return context_.TryCancel();
    StartRead(&chunk_);
  }

  void OnDone(const grpc::Status& status) override {
    const auto done = std::move(done_);
    FetchEnded ended{std::move(download_), status_.ok() ? FromCall(status) : status_};
    delete this;
    done(std::move(ended));
  }

 private:
  grpc::ClientContext& context_;
  std::unique_ptr<ModelDownload> download_;
  std::function<void(FetchEnded)> done_;
  v1::FetchRequest request_;
  v1::FetchChunk chunk_;
  Status status_;  // of what was received
};

}  // namespace

void StartFetch(v1::Federation::Stub::async_interface& stub, grpc::ClientContext& context,
                const std::string& session, std::unique_ptr<ModelDownload> download,
                std::function<void(FetchEnded)> done) {
  (new FetchStream(context, std::move(download), std::move(done)))->Start(stub, session);
}

}  // namespace fedge::client
