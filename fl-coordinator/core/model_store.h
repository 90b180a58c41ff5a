#pragma once

#include <memory>
#include <set>
#include <string>

#include "fedge/common/file.h"
#include "fedge/common/result.h"
#include "fedge/coordinator/records.h"

namespace fedge {

// Global models by content: DIR/models/<sha256>.pt, plus DIR/global.pt, always the newest, whole.
// Thread-safe.
class ModelStore {
 public:
  // The folders are created if need be. `files` outlives the store.
  static Result<std::unique_ptr<ModelStore>> Open(FileSystem& files, std::string state_folder);
  virtual ~ModelStore() = default;

  // Copies a file in, durable on return; the round of the result is 0.
  virtual Result<ModelRef> Import(const std::string& path) = 0;
  // Where the aggregator writes; Adopt gives it its name. There is one at a time: Retain removes
  // those of other rounds.
  virtual std::string TemporaryPath(RoundId round) = 0;
  // The file's bytes are durable already; its name is on return. kDataLoss if the file's size is
  // not the model's.
  virtual Status Adopt(const std::string& temporary, const ModelRef& model) = 0;
  // DIR/global.pt becomes this model, in one step and durable on return. kNotFound if the store
  // does not have it.
  virtual Status Publish(const ModelRef& model) = 0;
  virtual std::string PathOf(const Digest& digest) const = 0;
  virtual bool Has(const Digest& digest) const = 0;
  // Reads the whole file and compares it with what the store's caller knows of it. kNotFound and
  // kDataLoss name the path.
  enum class Check { kDigest, kCrc32 };  // the second is several times as fast
  virtual Status Verify(const ModelRef& model, Check check) = 0;
  // The model's file is missing or damaged: takes it from DIR/global.pt if that has its content.
  // kNotFound if it has not.
  virtual Status Recover(const ModelRef& model) = 0;
  // Removes every model that is not named, and leftovers of interrupted writes.
  virtual Status Retain(const std::set<Digest>& digests) = 0;
};

}  // namespace fedge
