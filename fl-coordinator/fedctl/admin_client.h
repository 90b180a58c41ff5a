#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "fedge/common/clock.h"
#include "fedge/common/result.h"
#include "fedge/v1/admin.grpc.pb.h"

namespace fedge::fedctl {

// The coordinator's administration service. Every call ends with kCancelled once `stop` is
// requested. An unary call that is not answered in time is kUnavailable, as is a coordinator that
// is not there. Thread-safe.
class AdminClient {
 public:
  // `target` is HOST:PORT.
  AdminClient(std::string target, std::stop_token stop);

  const std::string& target() const { return target_; }

  Result<v1::CoordinatorStatus> GetStatus();
  Result<v1::StartRunResponse> StartRun(const v1::StartRunRequest& request);
  Result<v1::ListRoundsResponse> ListRounds(const v1::ListRoundsRequest& request);
  Result<v1::GetRoundResponse> GetRound(const v1::GetRoundRequest& request);
  Result<v1::ListClientsResponse> ListClients(const v1::ListClientsRequest& request);
  Result<v1::GetClientResponse> GetClient(const v1::GetClientRequest& request);
  Result<v1::AbortRunResponse> AbortRun(const v1::AbortRunRequest& request);
  Result<v1::ResetResponse> Reset();
  Result<v1::PauseRunResponse> PauseRun();
  Result<v1::ResumeRunResponse> ResumeRun();
  Result<v1::RollBackResponse> RollBack(const v1::RollBackRequest& request);

  // Streams. Return when the server ends the stream (OK), the call fails, `next` returns an error
  // (which is returned), or at the deadline (kDeadlineExceeded).
  template <typename Message>
  using Next = std::function<Status(const Message&)>;
  Status Watch(const v1::WatchRequest& request, const Next<v1::WatchResponse>& next,
               std::optional<TimePoint> deadline = std::nullopt);
  Status ExportModel(const v1::ExportModelRequest& request,
                     const Next<v1::ExportModelResponse>& next);
  Status Backup(const Next<v1::BackupResponse>& next);
  Status ListEvents(const v1::ListEventsRequest& request, const Next<v1::Event>& next);

 private:
  template <typename Method, typename Request, typename Response>
  Status Call(Method method, Request request, Response& response);
  template <typename Method, typename Request, typename Response>
  Status Attempt(Method method, const Request& request, Response& response);
  template <typename Method, typename Request, typename Message>
  Status Stream(Method method, Request request, const Next<Message>& next,
                std::optional<TimePoint> deadline);

  std::string target_;
  std::stop_token stop_;
  std::unique_ptr<v1::Admin::Stub> stub_;
};

}  // namespace fedge::fedctl
