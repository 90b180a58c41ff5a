#include "fedge/coordinator_rpc/session_handlers.h"

#include <algorithm>
#include <utility>

#include "fedge/coordinator/task_id.h"
#include "fedge/coordinator_rpc/client_text.h"
#include "fedge/coordinator_rpc/poll_answers.h"
#include "fedge/coordinator_rpc/poll_reactor.h"
#include "fedge/coordinator_rpc/update_labels.h"
#include "fedge/coordinator_rpc/upload_handlers.h"
#include "fedge/rpc/convert.h"
#include "fedge/rpc/transport.h"

namespace fedge {
namespace {

constexpr std::uint32_t kMinProtocol = 1;
constexpr std::uint32_t kMaxProtocol = 1;
constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kSessionBytes = 16;
constexpr std::size_t kMaxSoftware = 64;
constexpr std::size_t kMaxFailure = 1'000;

Status CheckJoin(const v1::JoinRequest& request) {
  if (request.min_protocol() > kMaxProtocol || request.max_protocol() < kMinProtocol) {
    return FailedPrecondition(
        "the client speaks protocol versions {} to {}, this coordinator {} to {}; update the older "
        "one",
        request.min_protocol(), request.max_protocol(), kMinProtocol, kMaxProtocol);
  }
  FEDGE_RETURN_IF_ERROR(ValidateClientId(request.client_id()));
  if (request.client_key().size() != kKeyBytes) {
    return InvalidArgument("client key has {} bytes; it must have {}", request.client_key().size(),
                           kKeyBytes);
  }
  if (request.role() != v1::ROLE_TRAINER && request.role() != v1::ROLE_EVALUATOR) {
    return InvalidArgument("role {} is unknown; it is trainer (1) or evaluator (2)",
                           static_cast<int>(request.role()));
  }
  return ValidateLabels({request.labels().begin(), request.labels().end()});
}

// What is known of the client from before, with what it says now.
Result<ClientRecord> UpdatedRecord(Actor& actor, const v1::JoinRequest& request) {
  ClientRecord record;
  if (const Session* session = actor.sessions().FindClient(request.client_id())) {
    record = session->record;
  } else {
    Result<ClientRecord> known = actor.store().GetClient(request.client_id());
    if (!known.ok() && known.status().code() != StatusCode::kNotFound) return known.status();
    if (known.ok()) record = std::move(*known);
  }
  record.client = request.client_id();
  record.role = request.role() == v1::ROLE_EVALUATOR ? Role::kEvaluator : Role::kTrainer;
  record.labels = {request.labels().begin(), request.labels().end()};
  record.num_examples = request.num_examples();
  record.software = Printable(request.software(), kMaxSoftware);
  if (record.first_seen == TimePoint{}) record.first_seen = actor.now();
  record.last_seen = actor.now();
  return record;
}

// A session of this client with this key goes on under its id; any other one ends.
Session& Continue(Actor& actor, const std::string& key, ClientRecord record) {
  Session* session = actor.sessions().FindClient(record.client);
  const bool same_member = session != nullptr && session->key == key &&
                           session->record.role == record.role &&
                           session->record.labels == record.labels;
  if (!same_member) {
    const ClientId client = record.client;
    actor.RemoveSession(client);
    const Member member = {record.role, record.labels};
    session = &actor.sessions().Add(
        {.id = RandomBytes(kSessionBytes), .key = key, .record = std::move(record)});
    actor.Apply(ClientJoined{client, member});
  } else {
    session->record = std::move(record);
  }
  session->last_heard = actor.now();
  session->disconnected.reset();
  actor.CountClient(*session);
  return *session;
}

Status Join(Actor& actor, const v1::JoinRequest& request, v1::JoinResponse& response) {
  FEDGE_RETURN_IF_ERROR(CheckJoin(request));
  FEDGE_RETURN_IF_ERROR(
      actor.sessions().Admit(request.client_id(), request.client_key(), actor.now()));
  FEDGE_ASSIGN_OR_RETURN(ClientRecord record, UpdatedRecord(actor, request));
  const Session& session = Continue(actor, request.client_key(), std::move(record));
  actor.Save(SaveClient{session.record});
  response.set_protocol(std::min(request.max_protocol(), kMaxProtocol));
  response.set_session(session.id);
  response.set_max_hold_ms(static_cast<std::uint32_t>(actor.options().poll_hold.count()));
  response.set_max_chunk_bytes(static_cast<std::uint32_t>(kMaxChunkBytes));
  response.set_coordinator_id(actor.coordinator_id());
  return OkStatus();
}

Status Report(Actor& actor, const v1::ReportRequest& request) {
  FEDGE_ASSIGN_OR_RETURN(Session * session, Authenticate(actor, request.session()));
  const auto task = TaskId::Parse(request.task_id());
  const ClientId& client = session->record.client;
  if (!task || task->client != client) {
    return InvalidArgument("task '{}' is not one of client '{}'", Printable(request.task_id(), 160),
                           client);
  }
  Status status;
  if (request.has_evaluation()) {
    if (task->kind != TaskId::Kind::kEvaluate)
      return InvalidArgument("task '{}' is no evaluation", request.task_id());
    FEDGE_ASSIGN_OR_RETURN(const Metrics metrics, FromProto(request.evaluation()));
    status = actor.Apply(EvaluationReported{task->round, client, metrics}).status;
  } else {
    std::string reason = Printable(request.failure(), kMaxFailure);
    if (reason.empty()) reason = "the client gave no reason";
    if (task->kind == TaskId::Kind::kEvaluate) {
      status = actor.Apply(EvaluationFailed{task->round, client, std::move(reason)}).status;
    } else if (request.refusal() == v1::REFUSAL_NOT_FINITE) {
      status = RefuseUnsent(actor, *session, *task, std::move(reason));
    } else {
      status = actor.Apply(TaskFailed{task->round, client, std::move(reason)}).status;
      if (status.ok()) actor.metrics().UpdateDecided(kFailedUpdate);
    }
  }
  session->answered_task = request.task_id();
  actor.CountClient(*session);
  return status;
}

}  // namespace

namespace {

// Spread out, so that a crowd that joined at once does not come back at once; yet in steps, so that
// thousands of renewals wake the coordinator a few times a second and not once for each.
TimePoint HoldUntil(Actor& actor) {
  const Duration hold = actor.options().poll_hold;
  const Duration step = std::max(hold / 100, Duration(1));
  const Duration jitter(actor.random().Below(static_cast<std::uint64_t>(hold.count()) / 5 + 1));
  const TimePoint until = actor.now() + hold - jitter;
  return until - until.time_since_epoch() % step;
}

}  // namespace

Result<Session*> Authenticate(Actor& actor, const std::string& session) {
  Session* found = actor.sessions().Find(session);
  if (found == nullptr)
    return Unauthenticated("the session is unknown to this coordinator; join again");
  found->last_heard = actor.now();
  return found;
}

void HandleJoin(Actor& actor, JoinCall& call) {
  ReplyWhenSaved(actor, call, Join(actor, call.request(), call.response()));
}

void HandlePoll(Actor& actor, PollCall& call) {
  const Result<Session*> session = Authenticate(actor, call.request().session());
  if (!session.ok()) return call.Reply(session.status());
  if (const auto previous = actor.Unpark(**session))
    previous->call->Answer(WaitAnswer(Duration::zero()));
  if (actor.draining()) {
    return call.Answer(GoneAnswer("the coordinator is shutting down", actor.options().retry_after));
  }
  actor.Park(
      **session,
      {.call = &call, .busy_task = call.request().busy_task_id(), .deadline = HoldUntil(actor)});
}

void HandlePollCancelled(Actor& actor, const std::string& session_id, std::uint64_t call) {
  Session* session = actor.sessions().Find(session_id);
  const ParkedPolls::Parked* parked = session == nullptr ? nullptr : actor.polls().Find(session_id);
  if (parked == nullptr || parked->call->id() != call) return;
  session->disconnected = actor.now();
  actor.Unpark(*session)->call->Reply(Cancelled("the client went away"));
}

void HandleReport(Actor& actor, ReportCall& call) {
  ReplyWhenSaved(actor, call, Report(actor, call.request()));
}

void HandleLeave(Actor& actor, LeaveCall& call) {
  const Result<Session*> session = Authenticate(actor, call.request().session());
  if (session.ok()) actor.RemoveSession((*session)->record.client);
  ReplyWhenSaved(actor, call, session.status());
}

}  // namespace fedge
