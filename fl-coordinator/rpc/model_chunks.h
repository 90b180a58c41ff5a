#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "fedge/common/status.h"
#include "fedge/coordinator_rpc/kept_models.h"

namespace fedge {

// A model file read in order, as what goes into messages. Thread-compatible.
class ModelChunks {
 public:
  // Small enough that fifty downloads at once need little memory, large enough that a message costs
  // nothing.
  static constexpr std::uint64_t kChunkBytes = 256u << 10;

  ModelChunks() = default;
  // Precondition: offset <= the model's size.
  ModelChunks(std::shared_ptr<const ServedModel> model, std::uint64_t offset)
      : model_(std::move(model)), offset_(offset) {}

  const ModelRef& ref() const { return model_->ref; }
  std::uint64_t offset() const { return offset_; }
  bool at_end() const { return offset_ == model_->ref.size; }

  Status Next(std::string& data) {
    data.resize(std::min(kChunkBytes, model_->ref.size - offset_));
    FEDGE_RETURN_IF_ERROR(
        model_->file->ReadAt(offset_, std::as_writable_bytes(std::span(data.data(), data.size()))));
    offset_ += data.size();
    return OkStatus();
  }

 private:
  std::shared_ptr<const ServedModel> model_;
  std::uint64_t offset_ = 0;
};

}  // namespace fedge
