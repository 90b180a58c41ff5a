#pragma once

#include <memory>
#include <optional>
#include <string>

#include <grpcpp/support/server_callback.h>

#include "fedge/common/hash.h"
#include "fedge/coordinator/backup.h"
#include "fedge/coordinator/store.h"
#include "fedge/coordinator_rpc/counted_call.h"
#include "fedge/v1/admin.pb.h"

namespace fedge {

class Actor;
class Coordinator;

// One Backup call: the actor opens what belongs together, the rest runs on an RPC thread.
class BackupReactor final : public CountedCall<grpc::ServerWriteReactor<v1::BackupResponse>> {
 public:
  BackupReactor(Coordinator& coordinator, const v1::BackupRequest& request);

  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  // On the actor thread: a snapshot, and everything that its rows name, opened.
  Status Collect(Actor& actor);
  // The database's copy becomes the first of the files.
  Status BeginStream();
  void SendNext();

  Coordinator& coordinator_;
  std::unique_ptr<StoreSnapshot> snapshot_;
  std::vector<BackupFile> files_;
  TimePoint now_{};
  std::optional<BackupStream> stream_;
  Sha256 hash_;
  std::uint64_t sent_ = 0;
  bool last_ = false;
  v1::BackupResponse message_;
};

}  // namespace fedge
