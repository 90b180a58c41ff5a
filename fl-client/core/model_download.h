#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "fedge/client/messages.h"
#include "fedge/client/scratch_file.h"
#include "fedge/client/trainer.h"
#include "fedge/common/hash.h"
#include "fedge/common/result.h"
#include "fedge/common/status.h"

namespace fedge::client {

// A global model on its way from the coordinator into a scratch file. Outlives a cut connection, to
// go on where it stopped. Thread-compatible: one owner at a time.
class ModelDownload {
 public:
  ModelDownload(ContentRef model, std::string folder) : model_(model), folder_(std::move(folder)) {}

  const ContentRef& model() const { return model_; }
  // Where the next chunk begins.
  std::uint64_t offset() const { return offset_; }

  // The next chunk; `crc32` is that of its bytes, continued from `crc32_seed`. kDataLoss: it does
  // not follow, is damaged, or goes beyond the model's size; what came before stays.
  // kFailedPrecondition: the folder cannot take it.
  Status Append(std::uint64_t offset, std::span<const std::byte> bytes, std::uint32_t crc32,
                std::uint32_t crc32_seed = 0);

  // The whole model, verified and opened. Everything is dropped on an error.
  // kUnavailable  it is not complete; what is there stays
  // kDataLoss     the digest differs
  // kInvalidArgument, kFailedPrecondition  it is no model that can be trained
  Result<std::shared_ptr<const GlobalModel>> Finish();

 private:
  Status Open();
  Result<std::shared_ptr<const GlobalModel>> OpenModel();

  ContentRef model_;
  std::string folder_;
  std::optional<ScratchFile> file_;
  std::uint64_t offset_ = 0;
  Sha256 hash_;
};

}  // namespace fedge::client
