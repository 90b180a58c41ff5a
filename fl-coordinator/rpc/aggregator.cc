#include "fedge/coordinator_rpc/aggregator.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "fedge/archive/archive_writer.h"
#include "fedge/archive/schema.h"
#include "fedge/common/json.h"
#include "fedge/coordinator/aggregation.h"
#include "fedge/coordinator_rpc/kept_models.h"
#include "fedge/version.h"

namespace fedge {
namespace {

std::string Provenance(const RoundRecord& round, std::span<const SpooledUpdate> updates) {
  std::uint64_t examples = 0;
  for (const SpooledUpdate& update : updates) examples += update.weight;
  JsonWriter json;
  json.BeginObject();
  json.Member("schema_version", 1);
  json.Member("tool", fmt::format("fedge {}", kVersion));
  json.Member("method", "fedavg");
  json.Member("base_sha256", round.base.digest.Hex());
  json.Member("round_in_run", round.index_in_run);
  json.Member("clients", updates.size());
  json.Member("examples", examples);
  json.EndObject();
  return json.Take();
}

Result<std::vector<SpooledUpdate>> AcceptedUpdates(Store& store, const RoundRecord& round) {
  FEDGE_ASSIGN_OR_RETURN(const std::vector<TaskRecord> tasks, store.ListTasks(round.round));
  std::vector<SpooledUpdate> updates;
  for (const TaskRecord& task : tasks) {
    if (task.state == TaskState::kAccepted)
      updates.push_back({task.client, task.extent, task.result.num_examples});
  }
  if (updates.size() != round.num_accepted) {
    return DataLoss("round {} accepted {} updates; the database has {}", round.round,
                    round.num_accepted, updates.size());
  }
  return updates;
}

std::vector<std::size_t> StoragesOf(const Manifest& manifest) {
  std::vector<std::size_t> storages;
  for (const ManifestEntry& entry : manifest.entries) storages.push_back(entry.storage);
  return storages;
}

std::uint64_t TotalBytes(std::span<const SpooledUpdate> updates) {
  std::uint64_t bytes = 0;
  for (const SpooledUpdate& update : updates) bytes += update.extent.size;
  return bytes;
}

// A failed or cancelled attempt leaves no file behind.
class TemporaryFile {
 public:
  TemporaryFile(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    // The store's retention removes what cannot be removed now.
    if (!adopted_) static_cast<void>(files_.Remove(path_).ok());
  }
  const std::string& path() const { return path_; }
  void Adopted() { adopted_ = true; }

 private:
  FileSystem& files_;
  const std::string path_;
  bool adopted_ = false;
};

}  // namespace

Result<ModelRef> AggregateRound(const AggregationInput& input, const RoundRecord& round,
                                const std::stop_token& stop) {
  FEDGE_RETURN_IF_ERROR(input.models.Verify(round.base, ModelStore::Check::kCrc32));
  FEDGE_ASSIGN_OR_RETURN(const BaseModel base,
                         OpenBaseModel(input.models.PathOf(round.base.digest), round.base));
  FEDGE_ASSIGN_OR_RETURN(const std::vector<SpooledUpdate> updates,
                         AcceptedUpdates(input.store, round));

  TemporaryFile temporary(input.files, input.models.TemporaryPath(round.round));
  ArchiveWriter::Options options;
  options.replaced_storages = StoragesOf(base.manifest);
  options.extras.push_back({.name = std::string(kProvenanceRecord),
                            .content = Provenance(round, updates),
                            .derived_from = {}});
  FEDGE_ASSIGN_OR_RETURN(
      ArchiveWriter writer,
      ArchiveWriter::Create(base.archive, input.files, temporary.path(), std::move(options)));
  const auto started = std::chrono::steady_clock::now();
  FEDGE_RETURN_IF_ERROR(
      WeightedMean(base.archive, base.manifest, updates, input.spool, writer, {.stop = stop}));
  input.metrics.Aggregated(TotalBytes(updates), std::chrono::steady_clock::now() - started);
  FEDGE_ASSIGN_OR_RETURN(const ArchiveWriter::Summary summary, writer.Finish());

  const ModelRef model = {
      .digest = summary.digest, .size = summary.size, .round = round.round, .crc32 = summary.crc32};
  FEDGE_RETURN_IF_ERROR(input.models.Adopt(temporary.path(), model));
  temporary.Adopted();
  return model;
}

Aggregation TryToAggregate(const AggregationInput& input, const RoundRecord& round,
                           const std::stop_token& stop) {
  Aggregation aggregation = {.model = AggregateRound(input, round, stop)};
  if (aggregation.model.ok() || stop.stop_requested()) return aggregation;
  switch (aggregation.model.status().code()) {
    case StatusCode::kResourceExhausted:
    case StatusCode::kPermissionDenied:
      aggregation.can_be_repeated = true;
      return aggregation;
    case StatusCode::kUnavailable:  // an unreadable sector, or the whole disk
    case StatusCode::kNotFound:
    case StatusCode::kDataLoss:
      break;
    default:
      return aggregation;
  }
  const auto tasks = input.store.ListTasks(round.round);
  if (tasks.ok()) aggregation.lost = FindLostUpdates(input.spool, *tasks, stop);
  aggregation.can_be_repeated =
      aggregation.lost.empty() &&
      (aggregation.model.status().code() != StatusCode::kDataLoss ||
       !input.models.Verify(round.base, ModelStore::Check::kCrc32).ok() || !tasks.ok());
  return aggregation;
}

Aggregator::Aggregator(FileSystem& files, Store& store, Spool& spool, ModelStore& models,
                       CoordinatorMetrics& metrics, Done done)
    : files_(files),
      store_(store),
      spool_(spool),
      models_(models),
      metrics_(metrics),
      done_(std::move(done)),
      thread_([this](const std::stop_token& stop) { Work(stop); }) {}

Aggregator::~Aggregator() {
  Cancel();
  thread_.request_stop();
}

void Aggregator::Begin(RoundRecord round) {
  const std::lock_guard lock(mutex_);
  next_ = std::move(round);
  changed_.notify_one();
}

void Aggregator::Cancel() {
  const std::lock_guard lock(mutex_);
  next_.reset();
  job_.request_stop();
}

void Aggregator::Work(const std::stop_token& stop) {
  while (true) {
    RoundRecord round;
    std::stop_token job;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return next_.has_value(); })) return;
      round = *std::exchange(next_, std::nullopt);
      job_ = std::stop_source();
      job = job_.get_token();
    }
    done_(round, TryToAggregate({files_, store_, spool_, models_, metrics_}, round, job));
  }
}

}  // namespace fedge
