#include "fedge/coordinator_rpc/export_reactor.h"

#include <utility>

#include "fedge/coordinator_rpc/coordinator.h"
#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/rpc/convert.h"
#include "fedge/rpc/status.h"

namespace fedge {

ExportReactor::ExportReactor(Coordinator& coordinator, const v1::ExportModelRequest& request)
    : CountedCall(coordinator.metrics(), MethodOf<v1::ExportModelRequest>()),
      coordinator_(coordinator),
      request_(request) {
  // A model is given out only once it is saved and published.
  if (!IsIntact(coordinator_, request_, Sealing::kOptional)) {
    Finish(ToGrpc(DamagedRequest()));
    return;
  }
  const bool posted = coordinator_.TryPost([this](Actor& actor) {
    actor.Defer(
        [this, &actor](const Status& saved) { saved.ok() ? Begin(actor) : Finish(ToGrpc(saved)); });
  });
  if (!posted) Finish(ToGrpc(Busy()));
}

void ExportReactor::Begin(Actor& actor) {
  const bool newest = !request_.has_round() || request_.round() == 0;
  const Result<ModelRef> ref =
      newest ? Result<ModelRef>(actor.state().model) : actor.models().AfterRound(request_.round());
  if (!ref.ok()) return Finish(ToGrpc(ref.status()));
  auto model = actor.models().Open(ref->digest);
  if (!model.ok()) return Finish(ToGrpc(model.status()));
  *message_.mutable_model() = ToContentRef(ref->digest, ref->size);
  message_.set_round(ref->round);
  chunks_ = ModelChunks(std::move(*model), 0);
  SendNext();
}

void ExportReactor::SendNext() {
  message_.set_offset(chunks_.offset());
  if (const Status status = chunks_.Next(*message_.mutable_data()); !status.ok())
    return Finish(ToGrpc(status));
  if (chunks_.at_end()) {
    StartWriteAndFinish(&message_, grpc::WriteOptions(), grpc::Status::OK);
  } else {
    StartWrite(&message_);
  }
}

void ExportReactor::OnWriteDone(bool ok) {
  if (!ok) return Finish(ToGrpc(Cancelled("the receiver went away")));
  message_.clear_model();
  message_.clear_round();
  SendNext();
}

}  // namespace fedge
