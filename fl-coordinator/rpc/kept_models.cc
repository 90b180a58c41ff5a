#include "fedge/coordinator_rpc/kept_models.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/ranges.h>

#include "fedge/archive/schema.h"
#include "fedge/coordinator/run_queries.h"

namespace fedge {
namespace {

constexpr std::uint32_t kPage = 256;

}  // namespace

Status KeptModels::Load(Store& store, const State& state) {
  std::set<Digest> seen = {state.model.digest};
  kept_ = {state.model};
  const auto keep_if_there = [&](const ModelRef& model) {
    if (model.size > 0 && models_.Has(model.digest) && seen.insert(model.digest).second)
      kept_.push_front(model);
  };
  for (RoundId before = 0; kept_.size() < keep_;) {
    FEDGE_ASSIGN_OR_RETURN(const std::vector<RoundRecord> rounds,
                           store.ListRounds(0, before, kPage));
    if (rounds.empty()) break;
    for (const RoundRecord& round : rounds) {
      if (kept_.size() < keep_) keep_if_there(round.model);
    }
    before = rounds.back().round;
    if (before == 1 && kept_.size() < keep_) keep_if_there(rounds.back().base);
  }
  return OkStatus();
}

void KeptModels::Add(const ModelRef& model) {
  if (Find(model.digest) == nullptr) kept_.push_back(model);
}

Status KeptModels::Prune(const State& state) {
  std::set<Digest> needed = ModelsInUse(state);
  needed.insert(state.model.digest);
  const std::size_t surplus = kept_.size() - std::min(kept_.size(), keep_);
  std::size_t index = 0;
  std::erase_if(kept_, [&](const ModelRef& model) {
    return index++ < surplus && !needed.contains(model.digest);
  });
  for (const ModelRef& model : kept_) needed.insert(model.digest);
  return models_.Retain(needed);
}

const ModelRef* KeptModels::Find(const Digest& digest) const {
  const auto found = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const ModelRef& model) { return model.digest == digest; });
  return found == kept_.end() ? nullptr : &*found;
}

Result<std::shared_ptr<const ServedModel>> KeptModels::Open(const Digest& digest) {
  if (served_ != nullptr && served_->ref.digest == digest) return served_;
  const ModelRef* model = Find(digest);
  if (model == nullptr) return NotFound("model {} is not kept", digest.ShortHex());
  FEDGE_ASSIGN_OR_RETURN(std::unique_ptr<RandomAccessFile> file,
                         files_.OpenForRead(models_.PathOf(digest)));
  served_ = std::make_shared<const ServedModel>(ServedModel{*model, std::move(file)});
  return served_;
}

Result<std::vector<BackupFile>> KeptModels::OpenAll() {
  std::vector<BackupFile> files;
  for (const ModelRef& model : kept_) {
    const std::string path = models_.PathOf(model.digest);
    FEDGE_ASSIGN_OR_RETURN(std::unique_ptr<RandomAccessFile> file, files_.OpenForRead(path));
    files.push_back(
        {"models" + path.substr(path.rfind('/')), std::move(file), model.size, model.digest});
  }
  return files;
}

Result<ModelRef> KeptModels::AfterRound(RoundId round) const {
  for (const ModelRef& model : kept_) {
    if (model.round == round) return model;
  }
  return NotFound("the model after round {} is not kept; kept are those after rounds {}", round,
                  fmt::join(Rounds(), ", "));
}

Result<ModelRef> KeptModels::IntactAfterRound(RoundId round) const {
  FEDGE_ASSIGN_OR_RETURN(const ModelRef model, AfterRound(round));
  FEDGE_RETURN_IF_ERROR(models_.Verify(model, ModelStore::Check::kCrc32));
  return model;
}

std::vector<RoundId> KeptModels::Rounds() const {
  std::vector<RoundId> rounds;
  for (const ModelRef& model : kept_) rounds.push_back(model.round);
  return rounds;
}

Result<std::shared_ptr<const BaseModel>> KeptModels::Base(const ModelRef& model) {
  if (base_ != nullptr && base_->ref.digest == model.digest) return base_;
  FEDGE_ASSIGN_OR_RETURN(BaseModel opened, OpenBaseModel(models_.PathOf(model.digest), model));
  base_ = std::make_shared<const BaseModel>(std::move(opened));
  return base_;
}

Result<ModelFacts> ReadModelFacts(const std::string& path) {
  FEDGE_ASSIGN_OR_RETURN(const BaseModel model, OpenBaseModel(path, {}));
  ModelFacts facts = {.name = "", .num_parameters = model.manifest.num_parameters};
  // A record that cannot be read is no reason to refuse a model that can be trained.
  if (const auto schema = ReadSchema(model.archive); schema.ok() && *schema)
    facts.name = (*schema)->architecture;
  return facts;
}

Result<BaseModel> OpenBaseModel(const std::string& path, const ModelRef& model) {
  FEDGE_ASSIGN_OR_RETURN(Archive archive, Archive::Open(path));
  FEDGE_ASSIGN_OR_RETURN(Manifest manifest, BuildManifest(archive));
  return BaseModel{model, std::move(archive), std::move(manifest)};
}

}  // namespace fedge
