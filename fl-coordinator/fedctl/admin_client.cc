#include "fedge/fedctl/admin_client.h"

#include <chrono>
#include <cstddef>
#include <utility>

#include "fedge/rpc/seal.h"
#include "fedge/rpc/status.h"
#include "fedge/rpc/transport.h"

namespace fedge::fedctl {
namespace {

constexpr std::chrono::seconds kCallTimeout{10};
// Of a request that was damaged on its way and so not executed.
constexpr int kRepeats = 2;

// gRPC tells of all its attempts: "failed to connect to all addresses; last error: UNKNOWN:
// ipv4:...: Connection refused".
Status Shortened(const Status& status) {
  const std::string& message = status.message();
  const std::size_t last = message.rfind(": ");
  if (!message.starts_with("failed to connect") || last == std::string::npos) return status;
  return {status.code(), "cannot connect: " + message.substr(last + 2)};
}

}  // namespace

AdminClient::AdminClient(std::string target, std::stop_token stop)
    : target_(std::move(target)),
      stop_(std::move(stop)),
      stub_(v1::Admin::NewStub(CreateChannel(target_))) {}

template <typename Method, typename Request, typename Response>
Status AdminClient::Call(Method method, Request request, Response& response) {
  if constexpr (Sealable<Request>) Seal(request);
  Status status = Attempt(method, request, response);
  for (int again = 0; again < kRepeats && status == DamagedRequest(); ++again)
    status = Attempt(method, request, response);
  return status;
}

template <typename Method, typename Request, typename Response>
Status AdminClient::Attempt(Method method, const Request& request, Response& response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  const std::stop_callback cancel(stop_, [&context] { context.TryCancel(); });
  const Status status = Shortened(FromGrpc((stub_.get()->*method)(&context, request, &response)));
  if constexpr (Sealable<Request> && Sealable<Response>) {
    if (status.ok() && !AnswerSealHoldsIfAny(response, request.crc32())) return DamagedAnswer();
  }
  if (stop_.stop_requested()) return Cancelled("interrupted");
  if (status.code() == StatusCode::kDeadlineExceeded) {
    return Unavailable("no answer within {} s", kCallTimeout.count());
  }
  return status;
}

template <typename Method, typename Request, typename Message>
Status AdminClient::Stream(Method method, Request request, const Next<Message>& next,
                           std::optional<TimePoint> deadline) {
  grpc::ClientContext context;
  if (deadline.has_value()) {
    context.set_deadline(std::chrono::system_clock::time_point(deadline->time_since_epoch()));
  }
  const std::stop_callback cancel(stop_, [&context] { context.TryCancel(); });
  if constexpr (Sealable<Request>) Seal(request);
  const auto reader = (stub_.get()->*method)(&context, request);
  Message message;
  Status refused;
  while (refused.ok() && reader->Read(&message)) refused = next(message);
  if (!refused.ok()) context.TryCancel();
  const Status status = Shortened(FromGrpc(reader->Finish()));
  if (!refused.ok()) return refused;
  if (stop_.stop_requested()) return Cancelled("interrupted");
  // A coordinator that shuts down cuts its streams like this; to us it is gone, and may come back.
  if (status.code() == StatusCode::kCancelled) return Unavailable("the coordinator ended the call");
  return status;
}

Result<v1::CoordinatorStatus> AdminClient::GetStatus() {
  v1::CoordinatorStatus response;
  FEDGE_RETURN_IF_ERROR(Call(&v1::Admin::Stub::GetStatus, v1::GetStatusRequest(), response));
  return response;
}

Result<v1::StartRunResponse> AdminClient::StartRun(const v1::StartRunRequest& request) {
  v1::StartRunResponse response;
  FEDGE_RETURN_IF_ERROR(Call(&v1::Admin::Stub::StartRun, request, response));
  return response;
}

Result<v1::ListRoundsResponse> AdminClient::ListRounds(const v1::ListRoundsRequest& request) {
  v1::ListRoundsResponse response;
  FEDGE_RETURN_IF_ERROR(Call(&v1::Admin::Stub::ListRounds, request, response));
  return response;
}

Result<v1::GetRoundResponse> AdminClient::GetRound(const v1::GetRoundRequest& request) {
  v1::GetRoundResponse response;
  FEDGE_RETURN_IF_ERROR(Call(&v1::Admin::Stub::GetRound, request, response));
  return response;
}

Result<v1::ListClientsResponse> AdminClient::ListClients(const v1::ListClientsRequest& request) {
  v1::ListClientsResponse response;
  FEDGE_RETURN_IF_ERROR(Call(&v1::Admin::Stub::ListClients, request, response));
  return response;
}

Result<v1::GetClientResponse> AdminClient::GetClient(const v1::GetClientRequest& request) {
  v1::GetClientResponse response;
  FEDGE_RETURN_IF_ERROR(Call(&v1::Admin::Stub::GetClient, request, response));
  return response;
}

Result<v1::AbortRunResponse> AdminClient::AbortRun(const v1::AbortRunRequest& request) {
  v1::AbortRunResponse response;
  FEDGE_RETURN_IF_ERROR(Call(&v1::Admin::Stub::AbortRun, request, response));
  return response;
}

Result<v1::ResetResponse> AdminClient::Reset() {
  v1::ResetResponse response;
  FEDGE_RETURN_IF_ERROR(Call(&v1::Admin::Stub::Reset, v1::ResetRequest(), response));
  return response;
}

Result<v1::PauseRunResponse> AdminClient::PauseRun() {
  v1::PauseRunResponse response;
  FEDGE_RETURN_IF_ERROR(Call(&v1::Admin::Stub::PauseRun, v1::PauseRunRequest(), response));
  return response;
}

Result<v1::ResumeRunResponse> AdminClient::ResumeRun() {
  v1::ResumeRunResponse response;
  FEDGE_RETURN_IF_ERROR(Call(&v1::Admin::Stub::ResumeRun, v1::ResumeRunRequest(), response));
  return response;
}

Result<v1::RollBackResponse> AdminClient::RollBack(const v1::RollBackRequest& request) {
  v1::RollBackResponse response;
  FEDGE_RETURN_IF_ERROR(Call(&v1::Admin::Stub::RollBack, request, response));
  return response;
}

Status AdminClient::Backup(const Next<v1::BackupResponse>& next) {
  return Stream(&v1::Admin::Stub::Backup, v1::BackupRequest(), next, std::nullopt);
}

Status AdminClient::Watch(const v1::WatchRequest& request, const Next<v1::WatchResponse>& next,
                          std::optional<TimePoint> deadline) {
  return Stream(&v1::Admin::Stub::Watch, request, next, deadline);
}

Status AdminClient::ExportModel(const v1::ExportModelRequest& request,
                                const Next<v1::ExportModelResponse>& next) {
  return Stream(&v1::Admin::Stub::ExportModel, request, next, std::nullopt);
}

Status AdminClient::ListEvents(const v1::ListEventsRequest& request, const Next<v1::Event>& next) {
  return Stream(&v1::Admin::Stub::ListEvents, request, next, std::nullopt);
}

}  // namespace fedge::fedctl
