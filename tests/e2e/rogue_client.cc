#include "rogue_client.h"

#include <utility>

#include <grpcpp/create_channel.h>

#include "fedge/common/hash.h"
#include "fedge/rpc/seal.h"

namespace fedge::testing {

RogueClient::RogueClient(const std::string& address, std::string id)
    : id_(std::move(id)),
      stub_(v1::Federation::NewStub(
          grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {}

bool RogueClient::Join() {
  v1::JoinRequest request;
  request.set_min_protocol(1);
  request.set_max_protocol(1);
  request.set_client_id(id_);
  request.set_client_key("0123456789abcdef");
  request.set_role(v1::ROLE_TRAINER);
  Seal(request);
  v1::JoinResponse response;
  // After a restart of the coordinator the channel first finds its old connection broken.
  for (int attempt = 0; attempt < 5; ++attempt) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    const grpc::Status status = stub_->Join(&context, request, &response);
    if (status.ok()) break;
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE || attempt == 4) return false;
  }
  session_ = response.session();
  return true;
}

bool RogueClient::WaitForTask(int attempts) {
  for (int i = 0; i < attempts; ++i) {
    v1::PollRequest request;
    request.set_session(session_);
    Seal(request);
    grpc::ClientContext context;
    v1::PollResponse response;
    if (!stub_->Poll(&context, request, &response).ok()) return false;
    if (response.has_train()) {
      task_ = response.train();
      return true;
    }
  }
  return false;
}

v1::SubmitHeader RogueClient::Header(const std::string& payload) const {
  v1::SubmitHeader header;
  header.set_session(session_);
  header.set_task_id(task_.task_id());
  header.set_run(task_.run());
  header.set_round(task_.round());
  header.set_base_digest(task_.model().digest());
  header.set_codec("dense");
  header.set_payload_bytes(payload.size());
  header.set_payload_crc32(Crc32(AsBytes(payload)));
  header.mutable_result()->set_num_examples(10);
  return header;
}

v1::SubmitResponse RogueClient::Submit(const v1::SubmitHeader& header, const std::string& payload,
                                       grpc::Status& status) {
  grpc::ClientContext context;
  v1::SubmitResponse response;
  const auto writer = stub_->Submit(&context, &response);
  v1::SubmitRequest request;
  *request.mutable_header() = header;
  const std::uint32_t seal = Seal(*request.mutable_header());
  writer->Write(request);
  v1::SubmitChunk& chunk = *request.mutable_chunk();
  chunk.set_offset(0);
  chunk.set_data(payload);
  chunk.set_crc32(Crc32(AsBytes(payload), seal));
  writer->Write(request);
  writer->WritesDone();
  status = writer->Finish();
  return response;
}

v1::SubmitResponse RogueClient::Submit(const std::string& payload) {
  grpc::Status status;
  return Submit(Header(payload), payload, status);
}

}  // namespace fedge::testing
