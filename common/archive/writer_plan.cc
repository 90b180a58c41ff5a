#include "fedge/archive/writer_plan.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "fedge/archive/inflate.h"
#include "fedge/archive/record_name.h"
#include "fedge/archive/zip_directory.h"
#include "fedge/common/hash.h"

namespace fedge::internal {
namespace {

using Kind = RecordChange::Kind;

class Planner {
 public:
  Planner(const Archive& base, ArchiveWriter::Options options)
      : base_(base),
        directory_(base.directory()),
        options_(std::move(options)),
        changes_(directory_.entries.size()) {
    const std::string_view first = directory_.entries[0].name;
    root_ = first.substr(0, first.find('/') + 1);
    for (std::size_t i = 0; i < directory_.entries.size(); ++i)
      entry_of_name_.emplace(directory_.entries[i].name, i);
  }

  Result<WriterPlan> Plan() {
    for (const std::size_t storage : options_.replaced_storages)
      FEDGE_RETURN_IF_ERROR(Replace(storage));
    for (ArchiveWriter::Extra& extra : options_.extras) FEDGE_RETURN_IF_ERROR(Set(extra));
    FEDGE_RETURN_IF_ERROR(PlanDerived());
    FEDGE_ASSIGN_OR_RETURN(plan_.pieces, PlanLayout({.file = base_.file(),
                                                     .directory = directory_,
                                                     .changes = std::move(changes_),
                                                     .added = std::move(added_),
                                                     .payloads = plan_.payloads}));
    return std::move(plan_);
  }

 private:
  Status Replace(std::size_t storage) {
    if (storage >= base_.storages().size()) {
      return InvalidArgument("there is no storage {}; the model has {}", storage,
                             base_.storages().size());
    }
    const auto [found, added] = plan_.payload_of_storage.emplace(storage, plan_.payloads.size());
    if (!added) return OkStatus();
    plan_.payloads.push_back({.size = base_.storages()[storage].num_bytes(), .content = {}});
    RecordChange& change = changes_[entry_of_name_.at(root_ + base_.storages()[storage].record)];
    change = {.kind = Kind::kReplace, .payload = found->second};
    return OkStatus();
  }

  Status Set(ArchiveWriter::Extra& extra) {
    const Status valid = CheckRecordName("extra/" + extra.name);
    if (!valid.ok() || extra.name.empty() || extra.name.ends_with('/') ||
        extra.name == kDerivedRecord) {
      return InvalidArgument("'extra/{}' is not a record that can be written",
                             PrintableName(extra.name));
    }
    if (!set_.insert(extra.name).second)
      return InvalidArgument("'extra/{}' is given twice", extra.name);
    if (!extra.derived_from.empty()) FEDGE_RETURN_IF_ERROR(SetSources(extra));
    if (extra.content.has_value()) {
      Put(extra.name, MakePayload(std::move(*extra.content), extra.deflate));
    } else {
      Drop(extra.name);
    }
    return OkStatus();
  }

  static Payload MakePayload(std::string content, bool deflate) {
    if (!deflate) return {.size = content.size(), .content = std::move(content)};
    const Payload::Inflated inflated{content.size(), Crc32(AsBytes(content))};
    content = Deflate(AsBytes(content));
    return {.size = content.size(), .content = std::move(content), .inflated = inflated};
  }

  Status SetSources(const ArchiveWriter::Extra& extra) {
    if (!extra.content.has_value())
      return InvalidArgument("'extra/{}' is dropped, yet derived", extra.name);
    DerivedRecord record{.name = extra.name, .sources = {}};
    for (const std::size_t storage : extra.derived_from) {
      if (storage >= base_.storages().size()) {
        return InvalidArgument("'extra/{}' is derived from storage {}; the model has {}",
                               extra.name, storage, base_.storages().size());
      }
      const StorageInfo& info = base_.storages()[storage];
      record.sources.push_back(
          {.record = info.record, .size = info.num_bytes(), .crc32 = 0, .sha256 = {}});
    }
    plan_.derived.push_back(std::move(record));
    plan_.new_derived.emplace(extra.name, extra.derived_from);
    return OkStatus();
  }

  // Keeps of the base's derived records those that still hold, drops the others.
  Status PlanDerived() {
    FEDGE_ASSIGN_OR_RETURN(std::vector<DerivedRecord> known, ReadDerived(base_));
    bool changed = !plan_.derived.empty();
    std::vector<DerivedRecord> kept;
    for (DerivedRecord& record : known) {
      if (base_.HasExtra(record.name) && !set_.contains(record.name) && Holds(record)) {
        kept.push_back(std::move(record));
        continue;
      }
      changed = true;
      if (!set_.contains(record.name)) Drop(record.name);
    }
    if (!changed) return OkStatus();
    std::move(plan_.derived.begin(), plan_.derived.end(), std::back_inserter(kept));
    plan_.derived = std::move(kept);
    Drop(std::string(kDerivedRecord));
    if (plan_.derived.empty()) return OkStatus();
    // Behind everything that it speaks of, since it is complete last.
    plan_.derived_payload = plan_.payloads.size();
    plan_.payloads.push_back({.size = DerivedToJson(plan_.derived).size(), .content = {}});
    added_.push_back({.name = RecordName(kDerivedRecord), .payload = *plan_.derived_payload});
    return OkStatus();
  }

  bool Holds(const DerivedRecord& derived) const {
    return std::all_of(
        derived.sources.begin(), derived.sources.end(), [&](const DerivedSource& source) {
          const RecordInfo* record = base_.FindRecord(source.record);
          return record != nullptr && record->size == source.size &&
                 record->crc32 == source.crc32 &&
                 changes_[entry_of_name_.at(root_ + source.record)].kind == Kind::kKeep;
        });
  }

  void Put(const std::string& name, Payload payload) {
    const std::size_t index = plan_.payloads.size();
    plan_.payloads.push_back(std::move(payload));
    const auto entry = entry_of_name_.find(RecordName(name));
    if (entry == entry_of_name_.end()) {
      added_.push_back({.name = RecordName(name), .payload = index});
    } else {
      changes_[entry->second] = {.kind = Kind::kReplace, .payload = index};
    }
  }

  void Drop(const std::string& name) {
    const auto entry = entry_of_name_.find(RecordName(name));
    if (entry != entry_of_name_.end()) changes_[entry->second] = {.kind = Kind::kDrop};
  }

  std::string RecordName(std::string_view extra) const {
    return fmt::format("{}extra/{}", root_, extra);
  }

  const Archive& base_;
  const ZipDirectory& directory_;
  ArchiveWriter::Options options_;
  std::vector<RecordChange> changes_;
  std::vector<AddedRecord> added_;
  std::string root_;
  std::map<std::string, std::size_t, std::less<>> entry_of_name_;
  std::set<std::string> set_;  // extras that the options name
  WriterPlan plan_;
};

}  // namespace

Result<WriterPlan> PlanWriter(const Archive& base, ArchiveWriter::Options options) {
  return Planner(base, std::move(options)).Plan();
}

}  // namespace fedge::internal
