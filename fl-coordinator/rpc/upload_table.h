#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "fedge/common/status.h"
#include "fedge/coordinator_rpc/runtime_options.h"
#include "fedge/coordinator_rpc/upload.h"

namespace fedge {

// The updates on their way in, by task, and how many streams may carry them at once. Runs on the
// actor thread.
class UploadTable {
 public:
  explicit UploadTable(const RuntimeOptions& options) : options_(options) {}

  std::shared_ptr<Upload> Find(const std::string& task) const {
    const auto found = uploads_.find(task);
    return found == uploads_.end() ? nullptr : found->second;
  }
  void Add(const std::string& task, std::shared_ptr<Upload> upload) {
    uploads_[task] = std::move(upload);
  }

  // Room for one more stream; small updates always have it. kResourceExhausted: come back later.
  Status Acquire(std::uint64_t payload_bytes) {
    if (payload_bytes < options_.small_update_bytes) return OkStatus();
    if (streams_ >= options_.max_uploads) {
      return ResourceExhausted("{} uploads are under way, which is the most at once; try again",
                               streams_);
    }
    ++streams_;
    return OkStatus();
  }
  // For each successful Acquire.
  void Release(std::uint64_t payload_bytes) {
    if (payload_bytes >= options_.small_update_bytes) --streams_;
  }

  std::size_t streams() const { return streams_; }

  // Forgets one; whoever streams it gets no further.
  void Drop(const std::string& task) {
    if (const auto found = uploads_.find(task); found != uploads_.end()) {
      found->second->Close();
      uploads_.erase(found);
    }
  }
  // Ends every upload that is not of `round`.
  void CloseAllBut(RoundId round) {
    std::erase_if(uploads_, [round](const auto& entry) {
      if (entry.second->round() == round) return false;
      entry.second->Close();
      return true;
    });
  }

 private:
  const RuntimeOptions& options_;
  std::map<std::string, std::shared_ptr<Upload>> uploads_;
  std::size_t streams_ = 0;
};

}  // namespace fedge
