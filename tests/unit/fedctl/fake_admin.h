#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "fedge/common/hash.h"
#include "fedge/v1/admin.grpc.pb.h"
#include "samples.h"

namespace fedge::fedctl {

// A coordinator's administration service that answers what a test sets. Thread-safe once it is
// started, if tests set the answers before they make calls.
class FakeAdmin final : public v1::Admin::Service {
 public:
  FakeAdmin() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address_ = "127.0.0.1:" + std::to_string(port);
  }
  ~FakeAdmin() override { Stop(); }
  void Stop() {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }
  const std::string& address() const { return address_; }

  // What it answers.
  v1::CoordinatorStatus status = EndedStatus(3);
  grpc::Status failure;  // of every unary call but GetStatus, if not OK
  // One for each StartRun, first to last, before it succeeds.
  std::vector<grpc::Status> start_failures;
  v1::ListRoundsResponse rounds;  // newest first; given out in pages of at most 1,000
  v1::GetRoundResponse round;
  v1::ListClientsResponse clients;
  v1::GetClientResponse client;
  std::vector<v1::Event> events;
  std::string model = "a model";
  Digest model_digest = Sha256::Of(AsBytes(model));
  // One for each Watch call, first to last; the last one answers all further calls.
  using WatchScript = std::function<grpc::Status(const v1::WatchRequest&, grpc::ServerContext&,
                                                 grpc::ServerWriter<v1::WatchResponse>&)>;
  std::vector<WatchScript> watches;

  // What it was asked.
  std::vector<v1::StartRunRequest> started;
  std::vector<v1::WatchRequest> watched;
  std::string abort_reason;
  int resets = 0;
  int pauses = 0;
  int resumes = 0;
  std::uint64_t rolled_back_to = 0;
  std::string backup = "a backup";
  bool cut_backup = false;  // its last message does not come
  v1::ListRoundsRequest rounds_request;
  int rounds_pages = 0;
  v1::ListClientsRequest clients_request;
  v1::ExportModelRequest export_request;

 private:
  using Context = grpc::ServerContext;

  grpc::Status GetStatus(Context*, const v1::GetStatusRequest*,
                         v1::CoordinatorStatus* response) override {
    *response = status;
    return grpc::Status::OK;
  }
  grpc::Status StartRun(Context*, const v1::StartRunRequest* request,
                        v1::StartRunResponse* response) override {
    started.push_back(*request);
    if (started.size() <= start_failures.size()) return start_failures[started.size() - 1];
    response->set_run(1);
    return failure;
  }
  grpc::Status Watch(Context* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::WatchResponse>* writer) override {
    const std::size_t call = watched.size();
    watched.push_back(*request);
    if (watches.empty()) {
      writer->Write(Message(status));
      return grpc::Status::OK;
    }
    return watches[std::min(call, watches.size() - 1)](*request, *context, *writer);
  }
  grpc::Status ListRounds(Context*, const v1::ListRoundsRequest* request,
                          v1::ListRoundsResponse* response) override {
    rounds_request = *request;
    ++rounds_pages;
    const auto limit = std::min<int>(static_cast<int>(request->limit()), 1'000);
    for (const v1::RoundSummary& summary : rounds.rounds()) {
      const bool before = request->before_round() == 0 || summary.round() < request->before_round();
      if (before && response->rounds_size() < limit) *response->add_rounds() = summary;
    }
    return failure;
  }
  grpc::Status GetRound(Context*, const v1::GetRoundRequest* request,
                        v1::GetRoundResponse* response) override {
    *response = round;
    response->mutable_round()->set_round(request->round());
    return failure;
  }
  grpc::Status ListClients(Context*, const v1::ListClientsRequest* request,
                           v1::ListClientsResponse* response) override {
    clients_request = *request;
    *response = clients;
    return failure;
  }
  grpc::Status GetClient(Context*, const v1::GetClientRequest*,
                         v1::GetClientResponse* response) override {
    *response = client;
    return failure;
  }
  grpc::Status AbortRun(Context*, const v1::AbortRunRequest* request,
                        v1::AbortRunResponse* response) override {
    abort_reason = request->reason();
    response->set_run(4);
    return failure;
  }
  grpc::Status Reset(Context*, const v1::ResetRequest*, v1::ResetResponse*) override {
    ++resets;
    return failure;
  }
  grpc::Status PauseRun(Context*, const v1::PauseRunRequest*,
                        v1::PauseRunResponse* response) override {
    ++pauses;
    response->set_run(4);
    return failure;
  }
  grpc::Status ResumeRun(Context*, const v1::ResumeRunRequest*,
                         v1::ResumeRunResponse* response) override {
    ++resumes;
    response->set_run(4);
    return failure;
  }
  grpc::Status RollBack(Context*, const v1::RollBackRequest* request,
                        v1::RollBackResponse* response) override {
    rolled_back_to = request->round();
    response->mutable_model()->set_digest(model_digest.bytes.data(), model_digest.bytes.size());
    return failure;
  }
  grpc::Status Backup(Context*, const v1::BackupRequest*,
                      grpc::ServerWriter<v1::BackupResponse>* writer) override {
    if (!failure.ok()) return failure;
    for (const char c : backup) {
      v1::BackupResponse message;
      message.set_data(std::string(1, c));
      writer->Write(message);
    }
    if (cut_backup) return grpc::Status::OK;
    const Digest digest = Sha256::Of(AsBytes(backup));
    v1::BackupResponse last;
    last.set_total_bytes(backup.size());
    last.set_sha256(digest.bytes.data(), digest.bytes.size());
    writer->Write(last);
    return grpc::Status::OK;
  }
  grpc::Status ExportModel(Context*, const v1::ExportModelRequest* request,
                           grpc::ServerWriter<v1::ExportModelResponse>* writer) override {
    export_request = *request;
    if (!failure.ok()) return failure;
    for (std::size_t offset = 0; offset < model.size(); offset += 3) {
      v1::ExportModelResponse message;
      if (offset == 0) {
        message.mutable_model()->set_size(model.size());
        message.mutable_model()->set_digest(model_digest.bytes.data(), model_digest.bytes.size());
        message.set_round(3);
      }
      message.set_offset(offset);
      message.set_data(model.substr(offset, 3));
      writer->Write(message);
    }
    return grpc::Status::OK;
  }
  grpc::Status ListEvents(Context*, const v1::ListEventsRequest* request,
                          grpc::ServerWriter<v1::Event>* writer) override {
    for (const v1::Event& event : events) {
      if (event.sequence() > request->after_sequence()) writer->Write(event);
    }
    return request->follow() ? grpc::Status(grpc::StatusCode::NOT_FOUND, "the end of the script")
                             : failure;
  }

  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace fedge::fedctl
