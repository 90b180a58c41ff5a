#include "fedge/coordinator_rpc/fetch_reactor.h"

#include <utility>

#include "fedge/common/hash.h"
#include "fedge/coordinator/run_queries.h"
#include "fedge/coordinator_rpc/call_id.h"
#include "fedge/coordinator_rpc/coordinator.h"
#include "fedge/coordinator_rpc/session_handlers.h"
#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/rpc/convert.h"
#include "fedge/rpc/status.h"

namespace fedge {
namespace {

// The round that the client needs this model for; the current one if that cannot be told.
RoundId RoundOf(const State& state, const ClientId& client) {
  const Assignment assignment = AssignmentFor(state, client);
  if (const auto* train = std::get_if<TrainAssignment>(&assignment)) return train->round;
  if (const auto* evaluate = std::get_if<EvaluateAssignment>(&assignment)) return evaluate->round;
  const RoundRecord* current = CurrentRound(state);
  return current == nullptr ? 0 : current->round;
}

}  // namespace

FetchReactor::FetchReactor(Coordinator& coordinator, grpc::CallbackServerContext& context,
                           const v1::FetchRequest& request)
    : CountedCall(coordinator.metrics(), MethodOf<v1::FetchRequest>()),
      coordinator_(coordinator),
      cuttable_(context),
      request_(request),
      id_(NextCallId()) {
  if (!IsIntact(coordinator_, request_, Sealing::kRequired)) {
    Finish(ToGrpc(DamagedRequest()));
    return;
  }
  if (!coordinator_.TryPost([this](Actor& actor) { Begin(actor); }))
    Finish(ToGrpc(Busy(), coordinator_.options().retry_after));
}

void FetchReactor::Begin(Actor& actor) {
  const Result<Session*> session = Authenticate(actor, request_.session());
  if (!session.ok()) return Finish(ToGrpc(session.status()));
  const Result<Digest> digest = DigestFromBytes(request_.digest());
  if (!digest.ok()) return Finish(ToGrpc(digest.status()));
  auto model = actor.models().Open(*digest);
  if (!model.ok()) return Finish(ToGrpc(model.status()));
  if (request_.offset() > (*model)->ref.size) {
    return Finish(ToGrpc(OutOfRange("offset {} is behind the model's {} bytes", request_.offset(),
                                    (*model)->ref.size)));
  }
  round_ = RoundOf(actor.state(), (*session)->record.client);
  chunks_ = ModelChunks(std::move(*model), request_.offset());
  actor.transfers().Add(id_,
                        {.moved = [this]() -> std::uint64_t { return sent_bytes_; },
                         .cut = [this] { cuttable_.Cut(); },
                         .begun = true},
                        actor.now());
  SendNext();
}

void FetchReactor::SendNext() {
  if (chunks_.at_end()) return Finish(grpc::Status::OK);
  message_.set_offset(chunks_.offset());
  if (const Status status = chunks_.Next(*message_.mutable_data()); !status.ok())
    return Finish(ToGrpc(status));
  message_.set_crc32(Crc32(AsBytes(message_.data()), request_.crc32()));
  sent_bytes_ += message_.data().size();
  metrics().BytesSent(message_.data().size());
  if (chunks_.at_end()) {
    StartWriteAndFinish(&message_, grpc::WriteOptions(), grpc::Status::OK);
  } else {
    StartWrite(&message_);
  }
}

void FetchReactor::OnWriteDone(bool ok) {
  if (!ok) return Finish(ToGrpc(Cancelled("the client went away")));
  SendNext();
}

void FetchReactor::OnDone() {
  cuttable_.End();
  coordinator_.Post([this](Actor& actor) {
    actor.transfers().Remove(id_);
    if (sent_bytes_ > 0 && round_ > 0) actor.Apply(ModelSent{round_, sent_bytes_});
    delete this;
  });
}

}  // namespace fedge
