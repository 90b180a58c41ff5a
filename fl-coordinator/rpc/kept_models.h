#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fedge/common/file.h"
#include "fedge/common/result.h"
#include "fedge/coordinator/backup.h"
#include "fedge/coordinator/model_store.h"
#include "fedge/coordinator/run_machine.h"
#include "fedge/coordinator/store.h"
#include "fedge/coordinator_rpc/upload.h"

namespace fedge {

// A global model that can be read: the file stays readable while someone holds it, removed or not.
struct ServedModel {
  ModelRef ref;
  std::unique_ptr<RandomAccessFile> file;
};

// What every global model of a state directory has in common.
struct ModelFacts {
  std::string name;  // the architecture, if the file says it
  std::uint64_t num_parameters = 0;
};

// Which global models are kept, and those of them that are open. Runs on the actor thread.
class KeptModels {
 public:
  KeptModels(FileSystem& files, ModelStore& models, std::size_t keep)
      : files_(files), models_(models), keep_(keep) {}

  // The newest models that the store's rounds tell of, `state`'s among them.
  Status Load(Store& store, const State& state);
  void Add(const ModelRef& model);
  // Removes what is neither among the newest nor needed by `state`.
  Status Prune(const State& state);

  // kNotFound: it is not kept.
  Result<std::shared_ptr<const ServedModel>> Open(const Digest& digest);
  // The model after `round`. kNotFound names the rounds whose models are kept.
  Result<ModelRef> AfterRound(RoundId round) const;
  // The same once its file was read and is what it should be, which takes about a second per GB;
  // kDataLoss names the file.
  Result<ModelRef> IntactAfterRound(RoundId round) const;
  // Of the models that are kept, oldest first.
  std::vector<RoundId> Rounds() const;
  // All of them, named as in the state directory.
  Result<std::vector<BackupFile>> OpenAll();
  // Opened once per model; the newest one asked for is kept open.
  Result<std::shared_ptr<const BaseModel>> Base(const ModelRef& model);

 private:
  const ModelRef* Find(const Digest& digest) const;

  FileSystem& files_;
  ModelStore& models_;
  const std::size_t keep_;
  std::deque<ModelRef> kept_;  // oldest first
  std::shared_ptr<const ServedModel> served_;
  std::shared_ptr<const BaseModel> base_;
};

// Errors name the path.
Result<ModelFacts> ReadModelFacts(const std::string& path);

// Opens a model file and its layout. Errors name the path.
Result<BaseModel> OpenBaseModel(const std::string& path, const ModelRef& model);

}  // namespace fedge
