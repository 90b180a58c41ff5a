#include "fedge/coordinator_rpc/admin_handlers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "fedge/coordinator_rpc/actor.h"
#include "fedge/coordinator_rpc/admin_convert.h"
#include "fedge/coordinator_rpc/client_text.h"
#include "fedge/coordinator_rpc/disk_budget.h"
#include "fedge/coordinator_rpc/status_view.h"
#include "fedge/rpc/convert.h"

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

// The run that this request started earlier, if it did; 0 if not.
Result<RunId> FindStarted(Store& store, const std::string& request_id, const RunPlan& plan) {
  if (request_id.empty()) return RunId{0};
  const Result<RunRecord> run = store.FindRun(request_id);
  if (run.status().code() == StatusCode::kNotFound) return RunId{0};
  if (!run.ok()) return run.status();
  if (run->plan == plan) return run->run;
  return InvalidArgument("request id '{}' has started run {}, with another plan", request_id,
                         run->run);
}

Status StartRunOn(Actor& actor, const v1::StartRunRequest& request,
                  v1::StartRunResponse& response) {
  if (request.request_id().size() > kMaxRequestId) {
    return InvalidArgument("request_id has {} characters; at most {}", request.request_id().size(),
                           kMaxRequestId);
  }
  FEDGE_ASSIGN_OR_RETURN(RunPlan plan, FromProto(request.plan()));
  FEDGE_ASSIGN_OR_RETURN(const RunId started,
                         FindStarted(actor.store(), request.request_id(), plan));
  response.set_repeated_request(started != 0);
  response.set_run(started);
  if (started != 0) return OkStatus();
  // Whatever else stands in the way of the run, the machine says.
  const bool rests = !actor.state().run || actor.state().run->ended;
  if (rests && ValidatePlan(actor.options().limits, plan).ok())
    FEDGE_RETURN_IF_ERROR(CheckRoundFits(actor, plan));
  FEDGE_RETURN_IF_ERROR(actor.Apply(StartRun{std::move(plan), request.request_id()}).status);
  response.set_run(actor.state().last_run);
  return OkStatus();
}

Status RollBackOn(Actor& actor, const v1::RollBackRequest& request,
                  v1::RollBackResponse& response) {
  FEDGE_ASSIGN_OR_RETURN(const ModelRef model, actor.models().IntactAfterRound(request.round()));
  FEDGE_RETURN_IF_ERROR(actor.Apply(RollBack{model}).status);
  *response.mutable_model() = ToContentRef(model.digest, model.size);
  return OkStatus();
}

v1::ClientInfo DescribeClient(const Actor& actor, const ClientRecord& stored) {
  const Session* session = actor.sessions().FindClient(stored.client);
  v1::ClientInfo info = ToProto(session == nullptr ? stored : session->record);
  if (session != nullptr)
    info.set_last_seen_unix_ms(session->last_heard.time_since_epoch().count());
  info.set_state(DescribeState(actor, stored.client));
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
  ReplyWhenSaved(actor, call, StartRunOn(actor, call.request(), call.response()));
}

void HandleAbortRun(Actor& actor, UnaryCall<v1::AbortRunRequest, v1::AbortRunResponse>& call) {
  const std::string reason = Printable(call.request().reason(), kMaxReason);
  const Status status =
      actor.Apply(AbortRun{reason.empty() ? "aborted by the operator" : reason}).status;
  call.response().set_run(actor.state().last_run);
  ReplyWhenSaved(actor, call, status);
}

void HandleReset(Actor& actor, UnaryCall<v1::ResetRequest, v1::ResetResponse>& call) {
  ReplyWhenSaved(actor, call, actor.Apply(Reset{}).status);
}

void HandlePauseRun(Actor& actor, UnaryCall<v1::PauseRunRequest, v1::PauseRunResponse>& call) {
  call.response().set_run(actor.state().last_run);
  ReplyWhenSaved(actor, call, actor.Apply(PauseRun{}).status);
}

void HandleResumeRun(Actor& actor, UnaryCall<v1::ResumeRunRequest, v1::ResumeRunResponse>& call) {
  call.response().set_run(actor.state().last_run);
  ReplyWhenSaved(actor, call, actor.Apply(ResumeRun{}).status);
}

void HandleRollBack(Actor& actor, UnaryCall<v1::RollBackRequest, v1::RollBackResponse>& call) {
  ReplyWhenSaved(actor, call, RollBackOn(actor, call.request(), call.response()));
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
