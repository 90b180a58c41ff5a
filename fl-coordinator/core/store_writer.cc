#include "fedge/coordinator/store_writer.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "fedge/common/log.h"
#include "fedge/coordinator/rows.h"

namespace fedge {
namespace {

constexpr std::uint64_t kMaxEvents = 100'000;
// Old events go this many at a time.
constexpr std::uint64_t kPruneBatch = 1'000;
// From here on a checkpoint runs in the background.
constexpr int kCheckpointPages = 1'000;
// Beyond this the background does not keep up: the commit itself makes the log begin anew.
constexpr int kMaxLogPages = 16'000;

int RememberLogPages(void* pages, sqlite3*, const char*, int num_pages) {
  *static_cast<int*>(pages) = num_pages;
  return SQLITE_OK;
}

// Old rounds go this many at a time.
constexpr RoundId kPruneRounds = 16;

// After so many saved clients those that were not seen for longest are looked for.
constexpr std::uint64_t kClientWrites = 1'000;

std::uint64_t NumClients(std::span<const StoreWrite> writes) {
  return static_cast<std::uint64_t>(std::count_if(
      writes.begin(), writes.end(),
      [](const StoreWrite& write) { return std::holds_alternative<SaveClient>(write); }));
}

// Of those that are saved; 0: none.
RoundId NewestRound(std::span<const StoreWrite> writes) {
  RoundId newest = 0;
  for (const StoreWrite& write : writes) {
    if (const auto* save = std::get_if<SaveRound>(&write))
      newest = std::max(newest, save->round.round);
  }
  return newest;
}

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

struct StoreWriter::Statements {
  sqlite::Statement begin, commit, rollback, prune;
  sqlite::Statement prune_tasks, prune_rounds, prune_runs, prune_clients;
  sqlite::Statement meta, run, round, task, model, client, event;
};

Status StoreWriter::Configure(sqlite::Database& database) {
  FEDGE_ASSIGN_OR_RETURN(auto mode, database.Prepare("PRAGMA journal_mode = WAL"));
  FEDGE_ASSIGN_OR_RETURN(const bool row, mode.Step());
  if (!row || mode.Bytes(0) != "wal") {
    return FailedPrecondition(
        "the file system has no shared memory for a write-ahead log; "
        "use a state directory on a local disk");
  }
  mode.Reset();
  return database.Execute(
      "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cell_size_check = ON;"
      "PRAGMA journal_size_limit = 16777216");
}

Result<std::unique_ptr<StoreWriter>> StoreWriter::Create(sqlite::Database database,
                                                         const std::string& path,
                                                         const StoreOptions& options,
                                                         std::unique_ptr<AcknowledgedMark> mark) {
  std::unique_ptr<StoreWriter> writer(
      new StoreWriter(std::move(database), options, std::move(mark)));
  FEDGE_RETURN_IF_ERROR(writer->Prepare(path));
  return writer;
}

StoreWriter::StoreWriter(sqlite::Database database, const StoreOptions& options,
                         std::unique_ptr<AcknowledgedMark> mark)
    : options_(options),
      database_(std::move(database)),
      mark_(std::move(mark)),
      statements_(std::make_unique<Statements>()) {}

StoreWriter::~StoreWriter() = default;

Status StoreWriter::Prepare(const std::string& path) {
  const auto prepare = [this](std::string_view sql, sqlite::Statement& statement) -> Status {
    FEDGE_ASSIGN_OR_RETURN(statement, database_.Prepare(sql));
    return OkStatus();
  };
  FEDGE_RETURN_IF_ERROR(prepare("BEGIN IMMEDIATE", statements_->begin));
  FEDGE_RETURN_IF_ERROR(prepare("COMMIT", statements_->commit));
  FEDGE_RETURN_IF_ERROR(prepare("ROLLBACK", statements_->rollback));
  FEDGE_RETURN_IF_ERROR(prepare("DELETE FROM events WHERE sequence < ?", statements_->prune));
  FEDGE_RETURN_IF_ERROR(prepare("DELETE FROM tasks WHERE round < ?", statements_->prune_tasks));
  FEDGE_RETURN_IF_ERROR(prepare("DELETE FROM rounds WHERE round < ? AND NOT evaluation_pending",
                                statements_->prune_rounds));
  FEDGE_RETURN_IF_ERROR(prepare("DELETE FROM runs WHERE run < (SELECT min(run) FROM rounds)",
                                statements_->prune_runs));
  FEDGE_RETURN_IF_ERROR(
      prepare("DELETE FROM clients WHERE client IN (SELECT client FROM clients ORDER BY "
              "last_seen_ms DESC, client LIMIT -1 OFFSET ?)",
              statements_->prune_clients));
  FEDGE_RETURN_IF_ERROR(prepare(ReplaceSql<MetaRow>(), statements_->meta));
  FEDGE_RETURN_IF_ERROR(prepare(ReplaceSql<RunRecord>(), statements_->run));
  FEDGE_RETURN_IF_ERROR(prepare(ReplaceSql<RoundRecord>(), statements_->round));
  FEDGE_RETURN_IF_ERROR(prepare(ReplaceSql<TaskRecord>(), statements_->task));
  FEDGE_RETURN_IF_ERROR(prepare(ReplaceSql<GlobalModelRow>(), statements_->model));
  FEDGE_RETURN_IF_ERROR(prepare(ReplaceSql<ClientRecord>(), statements_->client));
  FEDGE_RETURN_IF_ERROR(prepare(ReplaceSql<EventRecord>(), statements_->event));
  FEDGE_ASSIGN_OR_RETURN(const auto first,
                         database_.QueryInteger("SELECT coalesce(min(sequence), 1) FROM events"));
  FEDGE_ASSIGN_OR_RETURN(const auto last,
                         database_.QueryInteger("SELECT coalesce(max(sequence), 0) FROM events"));
  first_event_ = static_cast<std::uint64_t>(first);
  last_event_ = static_cast<std::uint64_t>(last);
  FEDGE_ASSIGN_OR_RETURN(const auto pruned,
                         database_.QueryInteger("SELECT coalesce(min(round), 0) FROM tasks"));
  pruned_below_ = static_cast<RoundId>(pruned);
  sqlite3_wal_hook(database_.handle(), RememberLogPages, &log_pages_);
  FEDGE_RETURN_IF_ERROR(CompareWithMark());
  FEDGE_ASSIGN_OR_RETURN(checkpointer_, Checkpointer::Start(path, *mark_));
  // What was found to be whole moves into the database: damage to the log can undo none of it.
  checkpointer_->Run();
  return OkStatus();
}

Status StoreWriter::CompareWithMark() {
  FEDGE_ASSIGN_OR_RETURN(counter_, CommitCounter::Load(database_));
  const std::optional<Acknowledged> acknowledged = mark_->last();
  const Acknowledged& done = counter_.done();
  if (!acknowledged || acknowledged->commits <= done.commits) return OkStatus();
  lost_commits_ = acknowledged->commits - done.commits;
  if (acknowledged->orders == done.orders) return OkStatus();
  return DataLoss(
      "the last {} of {} commits are gone, since the write-ahead log is damaged, and with them "
      "what "
      "an operator ordered or was told (to go on as before them all the same, remove the folder's "
      "file 'acknowledged')",
      lost_commits_, acknowledged->commits);
}

void StoreWriter::Acknowledge(const CommitCounter& counter) {
  counter_ = counter;
  // What the mark lacks is noticed later, not lost: no reason to fail a commit that is durable.
  if (const Status status = mark_->Write(counter.done()); !status.ok()) {
    log::Warning("commit not marked reason=\"{}\"", status.message());
  }
  checkpointer_->RequestMarkSync();
}

Status StoreWriter::Commit(std::span<const StoreWrite> writes) {
  if (writes.empty()) return OkStatus();
  const std::lock_guard lock(mutex_);
  FEDGE_RETURN_IF_ERROR(statements_->begin.Run());
  std::uint64_t first_event = first_event_;
  std::uint64_t last_event = last_event_;
  const CommitCounter counter = counter_.With(writes);
  Status status = Write(writes, last_event);
  if (status.ok()) {
    status = WriteRow(statements_->meta,
                      MetaRow{.name = std::string(CommitCounter::kRow), .value = counter.Text()});
  }
  if (status.ok() && last_event + 1 - first_event >= kMaxEvents + kPruneBatch) {
    first_event = last_event - kMaxEvents + 1;
    status = DropEventsBefore(first_event);
  }
  RoundId pruned_below = pruned_below_;
  if (status.ok()) status = ForgetOldRounds(NewestRound(writes), pruned_below);
  const std::uint64_t client_writes = client_writes_ + NumClients(writes);
  if (status.ok() && client_writes >= kClientWrites) status = ForgetOldClients();
  if (status.ok()) status = statements_->commit.Run();
  if (!status.ok()) {
    // After some errors SQLite has rolled back already.
    if (sqlite3_get_autocommit(database_.handle()) == 0) statements_->rollback.Run().ok();
    return status;
  }
  last_event_ = last_event;
  first_event_ = first_event;
  pruned_below_ = pruned_below;
  client_writes_ = client_writes % kClientWrites;
  Acknowledge(counter);
  BoundLog();
  return OkStatus();
}

Status StoreWriter::Write(std::span<const StoreWrite> writes, std::uint64_t& last_event) {
  const auto write = Overloaded{
      [&](const SaveRun& save) { return WriteRow(statements_->run, save.run); },
      [&](const SaveRound& save) { return WriteRow(statements_->round, save.round); },
      [&](const SaveTask& save) { return WriteRow(statements_->task, save.task); },
      [&](const SaveModel& save) {
        return WriteRow(statements_->model, GlobalModelRow{.model = save.model});
      },
      [&](const SaveClient& save) { return WriteRow(statements_->client, save.client); },
      [&](const SaveEvent& save) {
        EventRecord event = save.event;
        event.sequence = ++last_event;
        return WriteRow(statements_->event, event);
      },
  };
  for (const StoreWrite& one : writes) FEDGE_RETURN_IF_ERROR(std::visit(write, one));
  return OkStatus();
}

Status StoreWriter::DropEventsBefore(std::uint64_t sequence) {
  statements_->prune.Bind(0, static_cast<std::int64_t>(sequence));
  return statements_->prune.Run();
}

Status StoreWriter::ForgetOldRounds(RoundId newest, RoundId& pruned_below) {
  if (newest < pruned_below + options_.keep_tasks + kPruneRounds) return OkStatus();
  pruned_below = newest - options_.keep_tasks + 1;
  statements_->prune_tasks.Bind(0, static_cast<std::int64_t>(pruned_below));
  FEDGE_RETURN_IF_ERROR(statements_->prune_tasks.Run());
  if (newest < options_.keep_rounds) return OkStatus();
  statements_->prune_rounds.Bind(0, static_cast<std::int64_t>(newest - options_.keep_rounds + 1));
  FEDGE_RETURN_IF_ERROR(statements_->prune_rounds.Run());
  return statements_->prune_runs.Run();
}

Status StoreWriter::ForgetOldClients() {
  statements_->prune_clients.Bind(0, static_cast<std::int64_t>(options_.keep_clients));
  return statements_->prune_clients.Run();
}

void StoreWriter::BoundLog() {
  if (log_pages_ >= kMaxLogPages) {
    checkpointer_->Run();
  } else if (log_pages_ >= kCheckpointPages) {
    checkpointer_->Request();
  }
}

}  // namespace fedge
