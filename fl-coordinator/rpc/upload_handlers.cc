#include "fedge/coordinator_rpc/upload_handlers.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "fedge/common/number_text.h"
#include "fedge/coordinator/task_id.h"
#include "fedge/coordinator_rpc/actor.h"
#include "fedge/coordinator_rpc/client_text.h"
#include "fedge/coordinator_rpc/disk_budget.h"
#include "fedge/coordinator_rpc/session_handlers.h"
#include "fedge/coordinator_rpc/submit_reactor.h"
#include "fedge/coordinator_rpc/update_labels.h"
#include "fedge/rpc/convert.h"

namespace fedge {
namespace {

constexpr std::string_view kDense = "dense";
// Of a client that is to ask for its turn: the answer to that question is what waits.
constexpr Duration kAskAgain{10};

v1::SubmitResponse::Outcome OutcomeOf(TaskState state) {
  switch (state) {
    case TaskState::kAccepted:
      return v1::SubmitResponse::ACCEPTED;
    case TaskState::kLate:
      return v1::SubmitResponse::LATE;
    case TaskState::kSurplus:
      return v1::SubmitResponse::SURPLUS;
    default:
      return v1::SubmitResponse::REFUSED;
  }
}

// The client's task in the current round or the one before, if it has one there.
const TaskRecord* FindTask(const State& state, RoundId round, const ClientId& client) {
  const std::map<ClientId, TaskRecord>* tasks = nullptr;
  if (const auto* training = std::get_if<Training>(&state.phase);
      training != nullptr && training->round.round == round) {
    tasks = &training->tasks;
  } else if (state.closed && state.closed->round.round == round) {
    tasks = &state.closed->tasks;
  }
  if (tasks == nullptr) return nullptr;
  const auto found = tasks->find(client);
  return found == tasks->end() ? nullptr : &found->second;
}

bool IsOpen(const State& state, RoundId round, const ClientId& client) {
  const TaskRecord* task = FindTask(state, round, client);
  return task != nullptr && task->open();
}

// The client's task if its update has been accepted, or null.
const TaskRecord* FindAccepted(const State& state, RoundId round, const ClientId& client) {
  const TaskRecord* task = FindTask(state, round, client);
  return task != nullptr && task->state == TaskState::kAccepted ? task : nullptr;
}

// Whether a client only repeats what was accepted, because the answer did not reach it.
bool Repeats(const UploadHeader& header, const TaskRecord& accepted) {
  return header.payload_crc32 == accepted.extent.crc32 &&
         header.payload_bytes == accepted.extent.size &&
         header.result.num_examples == accepted.result.num_examples;
}

// The client's share of a decided update, in its record.
void CountForClient(Actor& actor, Session& session, const AnswerUpdate& answer,
                    const UploadHeader& header) {
  ClientRecord& record = session.record;
  if (answer.outcome == TaskState::kAccepted) {
    ++record.num_accepted;
    record.bytes_up += header.payload_bytes;
    if (header.result.train_seconds > 0) {
      const double epochs =
          actor.state().run ? std::max(1U, actor.state().run->plan.train.epochs) : 1U;
      record.examples_per_second =
          static_cast<double>(header.result.num_examples) * epochs / header.result.train_seconds;
    }
  } else if (answer.outcome == TaskState::kRefused) {
    ++record.num_refused;
    record.last_refusal = answer.reason;
    record.last_refusal_code = answer.refusal;
  } else {
    return;
  }
  record.last_seen = actor.now();
  actor.Save(SaveClient{record});
}

// Applies the event and answers the call with what the machine says, once that is saved.
Actor::Applied Decide(Actor& actor, SubmitReactor& reactor, const Event& event) {
  Actor::Applied applied = actor.Apply(event);
  AnswerUpdate answer = applied.answer.value_or(AnswerUpdate{.round = reactor.header().round,
                                                             .client = reactor.header().client,
                                                             .outcome = TaskState::kRefused,
                                                             .reason = applied.status.message()});
  if (Session* session = actor.sessions().FindClient(reactor.header().client)) {
    session->answered_task = reactor.task_id();
    actor.CountClient(*session);
    CountForClient(actor, *session, answer, reactor.header());
  }
  actor.Defer([&actor, &reactor, answer = std::move(answer)](const Status& saved) {
    if (!saved.ok()) return reactor.Fail(saved);
    actor.metrics().UpdateDecided(LabelsOf(answer));
    reactor.Answer(OutcomeOf(answer.outcome), {answer.refusal, answer.reason});
  });
  return applied;
}

Actor::Applied Refuse(Actor& actor, SubmitReactor& reactor, Refusal refusal) {
  return Decide(actor, reactor,
                UpdateRefused{reactor.header().round, reactor.header().client, std::move(refusal)});
}

// What is wrong with the header of a task that is wanted; the manifest is the task's model's.
Refusal ProblemOf(const v1::SubmitHeader& header, const TrainAssignment& task,
                  const Manifest& manifest, const Limits& limits) {
  if (header.run() != task.run) {
    return {RefusalCode::kRound,
            fmt::format("the update is of run {}, the task of run {}", header.run(), task.run)};
  }
  if (header.codec() != kDense) {
    return {RefusalCode::kCodec,
            fmt::format("codec '{}' is unknown; this coordinator takes 'dense'",
                        Printable(header.codec(), 40))};
  }
  const Result<Digest> base = DigestFromBytes(header.base_digest());
  if (!base.ok()) return {RefusalCode::kBase, base.status().message()};
  if (*base != task.model.digest) {
    return {RefusalCode::kBase, fmt::format("the update's base is model {}, the round's is {}",
                                            base->ShortHex(), task.model.digest.ShortHex())};
  }
  if (header.payload_bytes() != manifest.payload_bytes) {
    return {RefusalCode::kSize, fmt::format("the payload has {} bytes; the model's layout has {}",
                                            header.payload_bytes(), manifest.payload_bytes)};
  }
  Refusal weight = CheckWeight(header.result().num_examples(), limits.max_weight);
  if (weight) return weight;
  const Status result = FromProto(header.result()).status();
  if (!result.ok()) return {RefusalCode::kResult, result.message()};
  const v1::Metrics& after = header.result().after();
  if (after.num_examples() > 0 && !std::isfinite(after.loss())) {
    return {RefusalCode::kNotFinite,
            fmt::format("the loss after training is {}", NumberText(after.loss()))};
  }
  return {};
}

// The upload of a task, as an earlier stream left it or new.
Result<std::shared_ptr<Upload>> OpenUpload(Actor& actor, const TrainAssignment& task,
                                           const ClientId& client,
                                           const std::shared_ptr<const BaseModel>& base) {
  if (auto upload = actor.uploads().Find(task.task_id)) {
    if (upload->sealed())
      return Aborted("another stream of client '{}' has just brought this update", client);
    return upload;
  }
  FEDGE_RETURN_IF_ERROR(CheckUpdateFits(actor, base->manifest.payload_bytes));
  FEDGE_ASSIGN_OR_RETURN(const Extent extent,
                         actor.spool().Allocate(task.round, base->manifest.payload_bytes));
  auto upload = std::make_shared<Upload>(base, actor.spool(), extent, task.round, client,
                                         actor.options().max_update_norm);
  actor.uploads().Add(task.task_id, upload);
  return upload;
}

Status NotYet(const Actor& actor) {
  return ResourceExhausted("{} uploads are under way, which is the most at once; ask for a turn",
                           actor.options().max_uploads);
}

void BeginWanted(Actor& actor, SubmitReactor& reactor, const TrainAssignment& task) {
  const auto base = actor.models().Base(task.model);
  if (!base.ok()) return reactor.Fail(base.status());
  const v1::SubmitHeader& header = reactor.wire_header();
  Refusal problem = ProblemOf(header, task, (*base)->manifest, actor.options().limits);
  if (problem) {
    Refuse(actor, reactor, std::move(problem));
    return;
  }
  if (actor.uploads().TakesTurns(header.payload_bytes())) {
    if (!actor.uploads().permits().Take(reactor.header().client, reactor.id()))
      return reactor.TurnAway(NotYet(actor), kAskAgain);
    actor.transfers().TookTurn(reactor.id());
  }
  const auto upload = OpenUpload(actor, task, reactor.header().client, *base);
  if (!upload.ok()) return reactor.TurnAway(upload.status());
  reactor.Proceed(*upload);
}

}  // namespace

void BeginUpload(Actor& actor, SubmitReactor& reactor) {
  const v1::SubmitHeader& header = reactor.wire_header();
  actor.transfers().Begun(reactor.id(), actor.now());
  const Result<Session*> session = Authenticate(actor, header.session());
  if (!session.ok()) return reactor.Fail(session.status());
  const ClientId client = (*session)->record.client;
  const auto task = TaskId::Parse(header.task_id());
  const bool well_named = task && task->kind == TaskId::Kind::kTrain && task->client == client &&
                          task->round == header.round();
  if (!well_named) {
    actor.metrics().UpdateDecided(kUnaskedUpdate);
    return reactor.Answer(v1::SubmitResponse::REFUSED,
                          {RefusalCode::kRound,
                           fmt::format("task '{}' of round {} is no training task of client '{}'",
                                       Printable(header.task_id(), 160), header.round(), client)});
  }
  // An unusable result is refused below; until then it stands for none.
  Result<TrainResult> result = FromProto(header.result());
  reactor.SetHeader({.round = task->round,
                     .client = client,
                     .result = result.ok() ? std::move(*result) : TrainResult{},
                     .payload_bytes = header.payload_bytes(),
                     .payload_crc32 = header.payload_crc32()});
  if (const TaskRecord* accepted = FindAccepted(actor.state(), task->round, client)) {
    if (!Repeats(reactor.header(), *accepted)) {
      Refuse(actor, reactor,
             {RefusalCode::kDuplicate, "another update for this task was accepted before"});
      return;
    }
    actor.Defer([&reactor](const Status& saved) {
      saved.ok() ? reactor.Answer(v1::SubmitResponse::ACCEPTED, {}) : reactor.Fail(saved);
    });
    return;
  }
  const Assignment assignment = AssignmentFor(actor.state(), client);
  const auto* train = std::get_if<TrainAssignment>(&assignment);
  if (train != nullptr && train->task_id == header.task_id())
    return BeginWanted(actor, reactor, *train);
  // The event below brings no bytes: it must never meet an open task, which it would complete.
  if (IsOpen(actor.state(), task->round, client))
    return reactor.TurnAway(Unavailable("the task is being offered again"));
  // Nobody waits for it: the machine says why, and no byte is taken.
  Decide(actor, reactor, UpdateReceived{task->round, client, reactor.header().result, Extent{}});
}

void FinishUpload(Actor& actor, SubmitReactor& reactor, const Extent& extent) {
  const UploadHeader& header = reactor.header();
  const auto applied =
      Decide(actor, reactor, UpdateReceived{header.round, header.client, header.result, extent});
  if (applied.answer && applied.answer->stored) {
    reactor.upload().Keep();
    actor.SyncSpool(header.round);
  }
  actor.uploads().Drop(reactor.task_id());
}

void RefuseUpload(Actor& actor, SubmitReactor& reactor, Refusal refusal) {
  Refuse(actor, reactor, std::move(refusal));
  actor.uploads().Drop(reactor.task_id());
}

Status RefuseUnsent(Actor& actor, Session& session, const TaskId& task, std::string reason) {
  const TaskRecord* known = FindTask(actor.state(), task.round, task.client);
  if (known != nullptr && known->state == TaskState::kRefused) return OkStatus();  // told before
  const Actor::Applied applied = actor.Apply(
      UpdateRefused{task.round, task.client, {RefusalCode::kNotFinite, std::move(reason)}});
  if (!applied.answer) return applied.status;
  CountForClient(actor, session, *applied.answer, {});
  actor.Defer([&actor, labels = LabelsOf(*applied.answer)](const Status& saved) {
    if (saved.ok()) actor.metrics().UpdateDecided(labels);
  });
  return OkStatus();
}

void ResolveInterruptedUpload(Actor& actor, SubmitReactor& reactor) {
  const UploadHeader& header = reactor.header();
  if (IsWanted(actor.state(), reactor.task_id(), header.client)) {
    return reactor.Fail(
        Aborted("another stream of client '{}' took over this upload", header.client));
  }
  Decide(actor, reactor, UpdateReceived{header.round, header.client, header.result, Extent{}});
}

namespace {

void TellProgress(Actor& actor, UploadStatusCall& call, const TaskId& task) {
  if (const auto upload = actor.uploads().Find(call.request().task_id())) {
    call.response().set_received_bytes(upload->received());
  }
  call.response().set_accepted(FindAccepted(actor.state(), task.round, task.client) != nullptr);
  ReplyWhenSaved(actor, call, OkStatus());
}

void AnswerTurn(Actor& actor, UploadStatusCall& call, const TaskId& task,
                UploadPermits::Turn turn) {
  switch (turn) {
    case UploadPermits::Turn::kNow:
      return TellProgress(actor, call, task);
    case UploadPermits::Turn::kLater:
      return call.TurnAway(NotYet(actor), kAskAgain);
    case UploadPermits::Turn::kNoMore:
      return call.TurnAway(Unavailable("another call asks, or the session has ended"), kAskAgain);
  }
}

}  // namespace

void HandleUploadStatus(Actor& actor, UploadStatusCall& call) {
  const Result<Session*> session = Authenticate(actor, call.request().session());
  const auto task = TaskId::Parse(call.request().task_id());
  if (!session.ok()) return call.Reply(session.status());
  const ClientId& client = (*session)->record.client;
  if (!task || task->client != client) {
    return call.Reply(InvalidArgument("task '{}' is not one of client '{}'",
                                      Printable(call.request().task_id(), 160), client));
  }
  const bool takes_turns = actor.uploads().TakesTurns(call.request().payload_bytes()) &&
                           IsOpen(actor.state(), task->round, client) && !actor.draining();
  if (!takes_turns) return TellProgress(actor, call, *task);
  actor.uploads().permits().Ask(client, actor.now(),
                                [&actor, &call, task = *task](UploadPermits::Turn turn) {
                                  AnswerTurn(actor, call, task, turn);
                                });
}

}  // namespace fedge
