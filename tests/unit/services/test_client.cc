#include "test_client.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "fedge/common/hash.h"
#include "fedge/rpc/seal.h"

namespace fedge::testing {

OpenPoll::OpenPoll(v1::Federation::Stub& stub, v1::PollRequest request)
    : done_(std::async(std::launch::async, [this, &stub, request = std::move(request)] {
        return stub.Poll(&context_, request, &response_);
      })) {}

OpenPoll::~OpenPoll() {
  context_.TryCancel();
  if (done_.valid()) done_.wait();
}

grpc::Status OpenPoll::Wait(v1::PollResponse& response) {
  const grpc::Status status = done_.get();
  response = response_;
  return status;
}

v1::PollResponse OpenPoll::Answer() {
  v1::PollResponse response;
  const grpc::Status status = Wait(response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

TestClient::TestClient(std::shared_ptr<grpc::Channel> channel, std::string id)
    : id_(std::move(id)),
      key_(id_ + std::string(16, 'k')),
      stub_(v1::Federation::NewStub(std::move(channel))) {
  key_.resize(16);
}

v1::JoinRequest TestClient::MakeJoin(v1::Role role) const {
  v1::JoinRequest request;
  request.set_min_protocol(1);
  request.set_max_protocol(1);
  request.set_client_id(id_);
  request.set_client_key(key_);
  request.set_role(role);
  request.set_num_examples(100);
  request.set_software("test 1");
  return request;
}

grpc::Status TestClient::Join(const v1::JoinRequest& request) {
  grpc::ClientContext context;
  v1::JoinRequest sealed = request;
  Seal(sealed);
  return stub_->Join(&context, sealed, &terms_);
}

std::unique_ptr<OpenPoll> TestClient::StartPoll(const std::string& busy_task) {
  v1::PollRequest request;
  request.set_session(terms_.session());
  request.set_busy_task_id(busy_task);
  Seal(request);
  return std::make_unique<OpenPoll>(*stub_, std::move(request));
}

grpc::Status TestClient::Fetch(const std::string& digest, std::uint64_t offset,
                               std::string& bytes) {
  grpc::ClientContext context;
  v1::FetchRequest request;
  request.set_session(terms_.session());
  request.set_digest(digest);
  request.set_offset(offset);
  Seal(request);
  const auto reader = stub_->Fetch(&context, request);
  v1::FetchChunk chunk;
  while (reader->Read(&chunk)) {
    EXPECT_EQ(chunk.offset(), offset + bytes.size());
    EXPECT_EQ(chunk.crc32(), Crc32(AsBytes(chunk.data()), request.crc32()));
    bytes += chunk.data();
  }
  return reader->Finish();
}

UploadSpec TestClient::MakeUpload(const v1::TrainTask& task, const std::string& payload,
                                  std::uint64_t examples) const {
  UploadSpec spec;
  spec.header.set_session(terms_.session());
  spec.header.set_task_id(task.task_id());
  spec.header.set_run(task.run());
  spec.header.set_round(task.round());
  spec.header.set_base_digest(task.model().digest());
  spec.header.set_codec("dense");
  spec.header.set_payload_bytes(payload.size());
  spec.header.set_payload_crc32(Crc32(AsBytes(payload)));
  spec.header.mutable_result()->set_num_examples(examples);
  spec.header.mutable_result()->set_train_seconds(0.5);
  spec.payload = payload;
  return spec;
}

grpc::Status TestClient::Submit(const UploadSpec& spec, v1::SubmitResponse& response,
                                grpc::ClientContext* context) {
  grpc::ClientContext own;
  grpc::ClientContext& used = context != nullptr ? *context : own;
  const auto writer = stub_->Submit(&used, &response);
  v1::SubmitRequest message;
  *message.mutable_header() = spec.header;
  const std::uint32_t seal = Seal(*message.mutable_header());
  bool open = writer->Write(message);
  std::uint64_t offset = spec.header.offset();
  for (bool first = true; open && offset < std::min(spec.payload.size(), spec.stop_after);
       first = false) {
    v1::SubmitChunk& chunk = *message.mutable_chunk();
    const std::size_t end =
        std::min({spec.payload.size(), spec.stop_after, offset + spec.chunk_bytes});
    chunk.set_offset(offset + (first ? spec.shift_offset : 0));
    chunk.set_data(spec.payload.substr(offset, end - offset));
    chunk.set_crc32(Crc32(AsBytes(chunk.data()), seal) ^ (first ? spec.flip_crc : 0));
    open = writer->Write(message);
    offset = end;
  }
  writer->WritesDone();
  return writer->Finish();
}

v1::SubmitResponse TestClient::Submit(const v1::TrainTask& task, const std::string& payload,
                                      std::uint64_t examples) {
  v1::SubmitResponse response;
  const grpc::Status status = Submit(MakeUpload(task, payload, examples), response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

grpc::Status TestClient::UploadStatus(const std::string& task, v1::UploadStatusResponse& response) {
  grpc::ClientContext context;
  v1::UploadStatusRequest request;
  request.set_session(terms_.session());
  request.set_task_id(task);
  Seal(request);
  return stub_->UploadStatus(&context, request, &response);
}

grpc::Status TestClient::ReportFailure(const std::string& task, const std::string& why,
                                       v1::Refusal refusal) {
  grpc::ClientContext context;
  v1::ReportRequest request;
  request.set_session(terms_.session());
  request.set_task_id(task);
  request.set_failure(why);
  request.set_refusal(refusal);
  v1::ReportResponse response;
  Seal(request);
  return stub_->Report(&context, request, &response);
}

grpc::Status TestClient::ReportEvaluation(const std::string& task, std::uint64_t examples,
                                          double loss, double accuracy) {
  grpc::ClientContext context;
  v1::ReportRequest request;
  request.set_session(terms_.session());
  request.set_task_id(task);
  request.mutable_evaluation()->set_num_examples(examples);
  request.mutable_evaluation()->set_loss(loss);
  request.mutable_evaluation()->set_accuracy(accuracy);
  v1::ReportResponse response;
  Seal(request);
  return stub_->Report(&context, request, &response);
}

grpc::Status TestClient::Leave() {
  grpc::ClientContext context;
  v1::LeaveRequest request;
  request.set_session(terms_.session());
  v1::LeaveResponse response;
  Seal(request);
  return stub_->Leave(&context, request, &response);
}

std::unique_ptr<HangingSubmit> TestClient::HangSubmit() {
  auto hanging = std::make_unique<HangingSubmit>(*stub_);
  // Calls of one connection arrive in their order.
  v1::UploadStatusResponse ignored;
  UploadStatus("none", ignored);
  return hanging;
}

}  // namespace fedge::testing
