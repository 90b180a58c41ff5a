#include "fedge/coordinator_rpc/backup_reactor.h"

#include <utility>

#include "fedge/coordinator/run_queries.h"
#include "fedge/coordinator_rpc/coordinator.h"
#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/rpc/convert.h"
#include "fedge/rpc/status.h"

namespace fedge {
namespace {

constexpr std::size_t kChunkBytes = 256u << 10;

}  // namespace

BackupReactor::BackupReactor(Coordinator& coordinator, const v1::BackupRequest& request)
    : CountedCall(coordinator.metrics(), MethodOf<v1::BackupRequest>()), coordinator_(coordinator) {
  if (!IsIntact(coordinator_, request, Sealing::kOptional)) {
    Finish(ToGrpc(DamagedRequest()));
    return;
  }
  // Once the batch is saved, database, models and spool agree.
  const bool posted = coordinator_.TryPost([this](Actor& actor) {
    actor.Defer([this, &actor](const Status& saved) {
      const Status status = saved.ok() ? Collect(actor) : saved;
      if (!status.ok()) return Finish(ToGrpc(status));
      // The first message, which is empty, takes the work off the actor's thread.
      StartWrite(&message_);
    });
  });
  if (!posted) Finish(ToGrpc(Busy()));
}

Status BackupReactor::Collect(Actor& actor) {
  now_ = actor.now();
  FEDGE_ASSIGN_OR_RETURN(snapshot_, actor.store().Snapshot());
  FEDGE_ASSIGN_OR_RETURN(files_, actor.models().OpenAll());
  const RoundId round = SpooledRound(actor.state());
  if (round == 0) return OkStatus();
  auto segment = actor.spool().OpenSegment(round);
  if (segment.status().code() == StatusCode::kNotFound) return OkStatus();  // no update yet
  if (!segment.ok()) return segment.status();
  const std::uint64_t size = (*segment)->size();
  files_.push_back({"spool/" + actor.spool().SegmentName(round), std::move(*segment), size});
  return OkStatus();
}

Status BackupReactor::BeginStream() {
  FEDGE_ASSIGN_OR_RETURN(std::unique_ptr<RandomAccessFile> database, snapshot_->Copy());
  snapshot_.reset();
  const std::uint64_t size = database->size();
  files_.insert(files_.begin(), BackupFile{"coordinator.db", std::move(database), size});
  stream_.emplace(std::move(files_), now_);
  return OkStatus();
}

void BackupReactor::SendNext() {
  if (!stream_) {
    if (const Status status = BeginStream(); !status.ok()) return Finish(ToGrpc(status));
  }
  Result<std::string> bytes = stream_->Next(kChunkBytes);
  if (!bytes.ok()) return Finish(ToGrpc(bytes.status()));
  hash_.Update(AsBytes(*bytes));
  sent_ += bytes->size();
  last_ = bytes->empty();
  message_.set_data(std::move(*bytes));
  if (!last_) return StartWrite(&message_);
  message_.set_total_bytes(sent_);
  message_.set_sha256(ToBytes(hash_.Finish()));
  StartWriteAndFinish(&message_, grpc::WriteOptions(), grpc::Status::OK);
}

void BackupReactor::OnWriteDone(bool ok) {
  if (last_) return;
  if (!ok) return Finish(ToGrpc(Cancelled("the receiver went away")));
  SendNext();
}

}  // namespace fedge
