#include "fedge/coordinator_rpc/admin_handlers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "fedge/coordinator_rpc/actor.h"
#include "fedge/coordinator_rpc/admin_convert.h"
#include "fedge/coordinator_rpc/client_text.h"
#include "fedge/coordinator_rpc/status_view.h"

namespace fedge {
namespace {

constexpr std::uint32_t kDefaultRounds = 100;
constexpr std::uint32_t kMaxRounds = 1'000;
constexpr std::uint32_t kDefaultClients = 1'000;
constexpr std::uint32_t kMaxClients = 5'000;
constexpr std::uint32_t kRecentTasks = 20;
constexpr std::size_t kMaxRequestId = 64;
constexpr std::size_t kMaxReason = 1'000;

// 0 stands for the default; a response has to fit into one message.
std::uint32_t Limit(std::uint32_t asked, std::uint32_t otherwise, std::uint32_t most) {
  return std::min(asked == 0 ? otherwise : asked, most);
}

Status StartRunOn(Actor& actor, const v1::StartRunRequest& request) {
  if (request.request_id().size() > kMaxRequestId) {
    return InvalidArgument("request_id has {} characters; at most {}", request.request_id().size(),
                           kMaxRequestId);
  }
  FEDGE_ASSIGN_OR_RETURN(RunPlan plan, FromProto(request.plan()));
  return actor.Apply(StartRun{std::move(plan), request.request_id()}).status;
}

v1::ClientInfo DescribeClient(const Actor& actor, const ClientRecord& stored) {
  const Session* session = actor.sessions().FindClient(stored.client);
  v1::ClientInfo info = ToProto(session == nullptr ? stored : session->record);
  if (session != nullptr)
    info.set_last_seen_unix_ms(session->last_heard.time_since_epoch().count());
  info.set_state(ClientState(actor, stored.client));
  return info;
}

// Fills a page of at most `limit` clients behind `after`.
Status FillClients(Actor& actor, const v1::ListClientsRequest& request,
                   v1::ListClientsResponse& response) {
  const auto limit = static_cast<int>(Limit(request.limit(), kDefaultClients, kMaxClients));
  if (request.joined_only()) {
    for (const Session* session :
         actor.sessions().After(request.after_client(), static_cast<std::size_t>(limit))) {
      *response.add_clients() = DescribeClient(actor, session->record);
    }
    return OkStatus();
  }
  FEDGE_ASSIGN_OR_RETURN(
      const std::vector<ClientRecord> clients,
      actor.store().ListClients(request.after_client(), static_cast<std::uint32_t>(limit)));
  for (const ClientRecord& client : clients)
    *response.add_clients() = DescribeClient(actor, client);
  return OkStatus();
}

Status FillClient(Actor& actor, const v1::GetClientRequest& request,
                  v1::GetClientResponse& response) {
  FEDGE_ASSIGN_OR_RETURN(const ClientRecord client, actor.store().GetClient(request.client_id()));
  *response.mutable_client() = DescribeClient(actor, client);
  FEDGE_ASSIGN_OR_RETURN(const std::vector<TaskRecord> tasks,
                         actor.store().ListTasksOf(client.client, kRecentTasks));
  for (const TaskRecord& task : tasks) *response.add_recent_tasks() = ToProto(task);
  return OkStatus();
}

}  // namespace

void HandleStartRun(Actor& actor, UnaryCall<v1::StartRunRequest, v1::StartRunResponse>& call) {
  const Status status = StartRunOn(actor, call.request());
  if (status.ok()) call.response().set_run(actor.state().last_run);
  actor.Defer([&call, status](const Status& saved) { call.Reply(status.ok() ? saved : status); });
}

void HandleAbortRun(Actor& actor, UnaryCall<v1::AbortRunRequest, v1::AbortRunResponse>& call) {
  const std::string reason = Printable(call.request().reason(), kMaxReason);
  const Status status =
      actor.Apply(AbortRun{reason.empty() ? "aborted by the operator" : reason}).status;
  if (status.ok()) call.response().set_run(actor.state().last_run);
  actor.Defer([&call, status](const Status& saved) { call.Reply(status.ok() ? saved : status); });
}

void HandleReset(Actor& actor, UnaryCall<v1::ResetRequest, v1::ResetResponse>& call) {
  const Status status = actor.Apply(Reset{}).status;
  actor.Defer([&call, status](const Status& saved) { call.Reply(status.ok() ? saved : status); });
}

// The three that only look answer once the batch is saved: nobody is told what could still be lost.

void HandleGetStatus(Actor& actor, UnaryCall<v1::GetStatusRequest, v1::CoordinatorStatus>& call) {
  actor.Defer([&actor, &call](const Status& saved) {
    if (saved.ok()) call.response() = BuildStatus(actor);
    call.Reply(saved);
  });
}

void HandleListClients(Actor& actor,
                       UnaryCall<v1::ListClientsRequest, v1::ListClientsResponse>& call) {
  actor.Defer([&actor, &call](const Status& saved) {
    call.Reply(saved.ok() ? FillClients(actor, call.request(), call.response()) : saved);
  });
}

void HandleGetClient(Actor& actor, UnaryCall<v1::GetClientRequest, v1::GetClientResponse>& call) {
  actor.Defer([&actor, &call](const Status& saved) {
    call.Reply(saved.ok() ? FillClient(actor, call.request(), call.response()) : saved);
  });
}

Status ListRounds(Store& store, const v1::ListRoundsRequest& request,
                  v1::ListRoundsResponse& response) {
  const std::uint32_t limit = Limit(request.limit(), kDefaultRounds, kMaxRounds);
  FEDGE_ASSIGN_OR_RETURN(const std::vector<RoundRecord> rounds,
                         store.ListRounds(request.run(), request.before_round(), limit));
  for (const RoundRecord& round : rounds) *response.add_rounds() = ToProto(round);
  return OkStatus();
}

Status GetRound(Store& store, const v1::GetRoundRequest& request, v1::GetRoundResponse& response) {
  FEDGE_ASSIGN_OR_RETURN(const RoundRecord round, store.GetRound(request.round()));
  *response.mutable_round() = ToProto(round);
  FEDGE_ASSIGN_OR_RETURN(const std::vector<TaskRecord> tasks, store.ListTasks(request.round()));
  for (const TaskRecord& task : tasks) *response.add_tasks() = ToProto(task);
  return OkStatus();
}

}  // namespace fedge
