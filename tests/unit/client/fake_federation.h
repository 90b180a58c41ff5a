#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <grpcpp/server.h>

#include "fedge/common/clock.h"
#include "fedge/v1/federation.grpc.pb.h"

namespace fedge::client {

// A small Federation service on a port of its own, for a few clients: it hands each client that
// polls the same rounds, one after another, and keeps what comes back. Thread-safe.
class FakeFederation final : public v1::Federation::Service {
 public:
  explicit FakeFederation(std::string model);
  ~FakeFederation() override;

  const std::string& target() const { return target_; }
  // Ends all calls and comes back on the same port, without its sessions.
  void Restart();

  // Clients get a task of round `round` from now on, until each has answered it.
  void OpenRound(std::uint64_t round);
  // Waits until so many updates of the round are there; false after a minute.
  bool AwaitUpdates(std::uint64_t round, std::size_t count);
  bool AwaitAnswered(const std::string& task_id);
  bool AwaitReports(std::size_t count);
  bool AwaitPolls(std::size_t count);  // parked at the same time

  // ---- Faults ----
  void CutNextFetch(std::size_t after_bytes);
  void CutNextSubmit(std::size_t after_bytes);
  void RefuseUpdates(std::uint64_t round);
  void AskForPatience(Duration retry_after);  // the next submit is turned away

  // ---- Observed ----
  std::map<std::string, std::string> updates() const;  // payload by task
  std::map<std::string, v1::ReportRequest> reports() const;
  std::map<std::string, v1::JoinRequest> joins() const;
  std::map<std::string, v1::SubmitHeader> headers() const;  // the last one by task
  std::vector<std::uint64_t> fetch_offsets() const;
  std::vector<std::uint64_t> submit_offsets() const;
  std::size_t num_left() const;

 private:
  grpc::Status Join(grpc::ServerContext*, const v1::JoinRequest* request,
                    v1::JoinResponse* response) override;
  grpc::Status Poll(grpc::ServerContext* context, const v1::PollRequest* request,
                    v1::PollResponse* response) override;
  grpc::Status Fetch(grpc::ServerContext*, const v1::FetchRequest* request,
                     grpc::ServerWriter<v1::FetchChunk>* writer) override;
  grpc::Status UploadStatus(grpc::ServerContext*, const v1::UploadStatusRequest* request,
                            v1::UploadStatusResponse* response) override;
  grpc::Status Submit(grpc::ServerContext* context, grpc::ServerReader<v1::SubmitRequest>* reader,
                      v1::SubmitResponse* response) override;
  grpc::Status Report(grpc::ServerContext*, const v1::ReportRequest* request,
                      v1::ReportResponse*) override;
  grpc::Status Leave(grpc::ServerContext*, const v1::LeaveRequest* request,
                     v1::LeaveResponse*) override;

  void Listen(const std::string& address);
  void Shutdown();
  template <typename Predicate>
  bool Await(Predicate predicate);

  const std::string model_;
  std::string target_;
  std::unique_ptr<grpc::Server> server_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  int generation_ = 1;
  std::uint64_t round_ = 0;
  std::map<std::string, std::string> sessions_;  // client by session
  std::set<std::string> done_;                   // tasks that are answered
  std::map<std::string, std::string> partial_;
  std::map<std::string, std::string> updates_;
  std::map<std::string, v1::ReportRequest> reports_;
  std::map<std::string, v1::JoinRequest> joins_;
  std::map<std::string, v1::SubmitHeader> headers_;
  std::vector<std::uint64_t> fetch_offsets_;
  std::vector<std::uint64_t> submit_offsets_;
  std::size_t num_polling_ = 0;
  std::size_t num_left_ = 0;
  std::size_t cut_fetch_ = 0;
  std::size_t cut_submit_ = 0;
  std::uint64_t refused_round_ = 0;
  Duration patience_{0};
};

}  // namespace fedge::client
