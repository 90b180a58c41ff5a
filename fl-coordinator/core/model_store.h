#pragma once

#include <memory>
#include <set>
#include <string>

#include "fedge/common/file.h"
#include "fedge/common/result.h"
#include "fedge/coordinator/records.h"

namespace fedge {

// Global models by content: DIR/models/<sha256>.pt, plus DIR/global.pt, always the newest, whole. Thread-safe.
class ModelStore {
 public:
  static Result<std::unique_ptr<ModelStore>> Open(FileSystem& files, std::string state_folder);
  virtual ~ModelStore() = default;

  // Copies a file in, durable on return.
  virtual Result<ModelRef> Import(const std::string& path) = 0;
  // Where the aggregator writes; Adopt gives it its name.
  virtual std::string TemporaryPath(RoundId round) = 0;
  virtual Status Adopt(const std::string& temporary, const ModelRef& model) = 0;
  // DIR/global.pt becomes this model, in one step.
  virtual Status Publish(const ModelRef& model) = 0;
  virtual std::string PathOf(const Digest& digest) const = 0;
  virtual bool Has(const Digest& digest) const = 0;
  // Removes every model that is not named, and leftovers of interrupted writes.
  virtual Status Retain(const std::set<Digest>& digests) = 0;
};

}  // namespace fedge
