#pragma once

#include <future>
#include <memory>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "fedge/v1/admin.grpc.pb.h"
#include "fedge/v1/federation.grpc.pb.h"

namespace fedge::testing {

// A poll that is under way.
class OpenPoll {
 public:
  OpenPoll(v1::Federation::Stub& stub, v1::PollRequest request);
  ~OpenPoll();

  void Cancel() { context_.TryCancel(); }
  // Waits for the answer.
  grpc::Status Wait(v1::PollResponse& response);
  v1::PollResponse Answer();

 private:
  grpc::ClientContext context_;
  v1::PollResponse response_;
  std::future<grpc::Status> done_;
};

// A Submit call that was opened and brings nothing; cancelled when it goes.
class HangingSubmit {
 public:
  explicit HangingSubmit(v1::Federation::Stub& stub)
      : writer_(stub.Submit(&context_, &response_)) {}
  ~HangingSubmit() {
    context_.TryCancel();
    writer_->Finish();
  }

 private:
  grpc::ClientContext context_;
  v1::SubmitResponse response_;
  std::unique_ptr<grpc::ClientWriter<v1::SubmitRequest>> writer_;
};

// An upload that can be made wrong in every way.
struct UploadSpec {
  v1::SubmitHeader header;
  std::string payload;
  std::size_t chunk_bytes = 1u << 20;
  std::size_t stop_after =
      ~std::size_t{0};             // payload bytes that are sent before the call is cancelled
  std::uint32_t flip_crc = 0;      // of the first chunk
  std::uint64_t shift_offset = 0;  // of the first chunk
};

// A client that does what the test says, with blocking calls.
class TestClient {
 public:
  TestClient(std::shared_ptr<grpc::Channel> channel, std::string id);

  v1::JoinRequest MakeJoin(v1::Role role = v1::ROLE_TRAINER) const;
  grpc::Status Join(const v1::JoinRequest& request);
  grpc::Status Join(v1::Role role = v1::ROLE_TRAINER) { return Join(MakeJoin(role)); }
  std::unique_ptr<OpenPoll> StartPoll(const std::string& busy_task = "");
  // Blocks until the coordinator has something to say.
  v1::PollResponse Poll(const std::string& busy_task = "") {
    return StartPoll(busy_task)->Answer();
  }
  grpc::Status Fetch(const std::string& digest, std::uint64_t offset, std::string& bytes);

  // A good upload of this payload for this task.
  UploadSpec MakeUpload(const v1::TrainTask& task, const std::string& payload,
                        std::uint64_t examples = 10) const;
  grpc::Status Submit(const UploadSpec& spec, v1::SubmitResponse& response,
                      grpc::ClientContext* context = nullptr);
  // Of a good upload.
  v1::SubmitResponse Submit(const v1::TrainTask& task, const std::string& payload,
                            std::uint64_t examples = 10);
  grpc::Status UploadStatus(const std::string& task, v1::UploadStatusResponse& response);
  grpc::Status ReportFailure(const std::string& task, const std::string& why,
                             v1::Refusal refusal = v1::REFUSAL_NONE);
  grpc::Status ReportEvaluation(const std::string& task, std::uint64_t examples, double loss,
                                double accuracy);
  grpc::Status Leave();
  // The coordinator knows of the call on return.
  std::unique_ptr<HangingSubmit> HangSubmit();

  const std::string& id() const { return id_; }
  const v1::JoinResponse& terms() const { return terms_; }
  v1::Federation::Stub& stub() { return *stub_; }
  void set_key(std::string key) { key_ = std::move(key); }

 private:
  const std::string id_;
  std::string key_;
  std::unique_ptr<v1::Federation::Stub> stub_;
  v1::JoinResponse terms_;
};

}  // namespace fedge::testing
