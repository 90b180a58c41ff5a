#include "fedge/coordinator/store.h"

#include <cerrno>
#include <utility>

#include <unistd.h>

#include "fedge/coordinator/rows.h"
#include "fedge/coordinator/store_reader.h"
#include "fedge/coordinator/store_schema.h"
#include "fedge/coordinator/store_snapshot.h"
#include "fedge/coordinator/store_writer.h"

namespace fedge {
namespace {

// A database up to this size is checked as a whole when it is opened; that takes well under a
// second.
constexpr std::int64_t kFullCheckBytes = 64 << 20;

Result<std::string> RandomId() {
  Digest random;
  if (::getentropy(random.bytes.data(), 16) != 0) return ErrnoStatus(errno, "getentropy");
  return random.Hex().substr(0, 32);
}

// The id that is stored, or a new one, stored now.
Result<std::string> ObtainId(sqlite::Database& database) {
  FEDGE_ASSIGN_OR_RETURN(auto select,
                         database.Prepare(SelectSql<MetaRow>("WHERE name = 'coordinator_id'")));
  FEDGE_ASSIGN_OR_RETURN(const auto rows, ReadRows<MetaRow>(select));
  if (!rows.empty()) return rows.front().value;
  FEDGE_ASSIGN_OR_RETURN(const std::string id, RandomId());
  FEDGE_ASSIGN_OR_RETURN(auto replace, database.Prepare(ReplaceSql<MetaRow>()));
  FEDGE_RETURN_IF_ERROR(WriteRow(replace, MetaRow{.name = "coordinator_id", .value = id}));
  return id;
}

// Names the database, and what to do about damage.
Status Explain(const Status& status, const std::string& path) {
  if (status.code() != StatusCode::kDataLoss) return status.WithContext(path);
  return DataLoss("{}: {}; restore the folder from a backup", path, status.message());
}

class SqliteStore final : public Store {
 public:
  SqliteStore(std::string path, std::string id, std::unique_ptr<StoreWriter> writer,
              std::unique_ptr<StoreReader> reader)
      : path_(std::move(path)),
        id_(std::move(id)),
        writer_(std::move(writer)),
        reader_(std::move(reader)) {}

  Status Commit(std::span<const StoreWrite> writes) override { return writer_->Commit(writes); }

  Result<State> LoadState() override {
    auto saved = reader_->LoadSavedState();
    if (!saved.ok()) return Explain(saved.status(), path_);
    auto state = RestoreState(std::move(*saved));
    if (!state.ok()) return Explain(state.status(), path_);
    return state;
  }
  Result<std::unique_ptr<StoreSnapshot>> Snapshot() override { return TakeSnapshot(path_); }
  std::string coordinator_id() override { return id_; }

  Result<std::vector<RoundRecord>> ListRounds(RunId run, RoundId before,
                                              std::uint32_t limit) override {
    return reader_->ListRounds(run, before, limit);
  }
  Result<RunRecord> FindRun(const std::string& request_id) override {
    return reader_->FindRun(request_id);
  }
  Result<RoundRecord> GetRound(RoundId round) override { return reader_->GetRound(round); }
  Result<std::vector<TaskRecord>> ListTasks(RoundId round) override {
    return reader_->ListTasks(round);
  }
  Result<std::vector<TaskRecord>> ListTasksOf(const ClientId& client,
                                              std::uint32_t limit) override {
    return reader_->ListTasksOf(client, limit);
  }
  Result<std::vector<ClientRecord>> ListClients(const ClientId& after,
                                                std::uint32_t limit) override {
    return reader_->ListClients(after, limit);
  }
  Result<ClientRecord> GetClient(const ClientId& client) override {
    return reader_->GetClient(client);
  }
  Result<std::vector<EventRecord>> ListEvents(std::uint64_t after, std::uint32_t limit) override {
    return reader_->ListEvents(after, limit);
  }
  std::uint64_t last_event_sequence() override { return writer_->last_event_sequence(); }
  std::uint64_t lost_commits() override { return writer_->lost_commits(); }

 private:
  const std::string path_;
  const std::string id_;
  // The reader goes first: the last connection to close, the writer's, empties the log.
  const std::unique_ptr<StoreWriter> writer_;
  const std::unique_ptr<StoreReader> reader_;
};

// Copies that a crash cut off.
Status RemoveSnapshots(FileSystem& files, const std::string& folder) {
  FEDGE_ASSIGN_OR_RETURN(const auto names, files.List(folder));
  for (const std::string& name : names) {
    if (name.find(kSnapshotSuffix) == std::string::npos) continue;
    FEDGE_RETURN_IF_ERROR(files.Remove(folder + "/" + name));
  }
  return OkStatus();
}

Result<std::unique_ptr<Store>> OpenAt(FileSystem& files, const std::string& folder,
                                      const std::string& path, const StoreOptions& options) {
  FEDGE_ASSIGN_OR_RETURN(auto mark, AcknowledgedMark::Open(files, folder + "/acknowledged"));
  FEDGE_ASSIGN_OR_RETURN(auto database,
                         sqlite::Database::Open(path, sqlite::Database::Mode::kReadWrite));
  const bool has_content = mark->last() && mark->last()->commits > 0;
  FEDGE_RETURN_IF_ERROR(PrepareSchema(database, has_content));
  FEDGE_RETURN_IF_ERROR(StoreWriter::Configure(database));
  FEDGE_RETURN_IF_ERROR(VerifyContent(database, kFullCheckBytes));
  FEDGE_ASSIGN_OR_RETURN(std::string id, ObtainId(database));
  FEDGE_RETURN_IF_ERROR(files.SyncDirectory(folder));
  FEDGE_ASSIGN_OR_RETURN(auto writer,
                         StoreWriter::Create(std::move(database), path, options, std::move(mark)));
  FEDGE_ASSIGN_OR_RETURN(auto reader, StoreReader::Open(path));
  return std::unique_ptr<Store>(
      std::make_unique<SqliteStore>(path, std::move(id), std::move(writer), std::move(reader)));
}

}  // namespace

Result<std::unique_ptr<Store>> Store::Open(const std::string& folder, FileSystem& files,
                                           const StoreOptions& options) {
  const std::string path = folder + "/coordinator.db";
  FEDGE_RETURN_IF_ERROR(files.CreateDirectory(folder));
  FEDGE_RETURN_IF_ERROR(RemoveSnapshots(files, folder));
  // Created here for its mode: for its owner only, and SQLite gives its other files the same.
  FEDGE_RETURN_IF_ERROR(files.OpenForWrite(path).status());
  auto store = OpenAt(files, folder, path, options);
  if (!store.ok()) return Explain(store.status(), path);
  return store;
}

}  // namespace fedge
