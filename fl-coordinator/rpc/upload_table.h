#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "fedge/coordinator_rpc/runtime_options.h"
#include "fedge/coordinator_rpc/upload.h"
#include "fedge/coordinator_rpc/upload_permits.h"

namespace fedge {

// The updates on their way in, by task, and whose turn it is to send. Runs on the actor thread.
class UploadTable {
 public:
  explicit UploadTable(const RuntimeOptions& options)
      : options_(options),
        permits_({.max_uploads = options.max_uploads,
                  .hold = options.upload_hold,
                  .claim = options.upload_claim}) {}

  // Updates of so many bytes take turns; smaller ones need no permit.
  bool TakesTurns(std::uint64_t payload_bytes) const {
    return payload_bytes >= options_.small_update_bytes;
  }
  UploadPermits& permits() { return permits_; }
  const UploadPermits& permits() const { return permits_; }

  std::shared_ptr<Upload> Find(const std::string& task) const {
    const auto found = uploads_.find(task);
    return found == uploads_.end() ? nullptr : found->second;
  }
  void Add(const std::string& task, std::shared_ptr<Upload> upload) {
    uploads_[task] = std::move(upload);
  }

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
  UploadPermits permits_;
};

}  // namespace fedge
