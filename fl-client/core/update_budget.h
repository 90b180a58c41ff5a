#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace fedge::client {

// How much memory updates may take, from the beginning of their training until the coordinator has
// answered. So a process of many clients stays small when the coordinator is slow or away.
// Reservations are made on one thread and given back on any.
class UpdateBudget {
 public:
  // max_bytes of updates, but always room for min_updates however large they are.
  UpdateBudget(std::uint64_t max_bytes, std::size_t min_updates)
      : max_bytes_(max_bytes), min_updates_(min_updates), used_(std::make_shared<Used>()) {}

  // nullptr if there is no room now. The reservation lasts until its last copy is gone; it may
  // outlive the budget.
  std::shared_ptr<void> Reserve(std::uint64_t bytes) {
    if (used_->updates >= min_updates_ && used_->bytes + bytes > max_bytes_) return nullptr;
    ++used_->updates;
    used_->bytes += bytes;
    return {used_.get(), [used = used_, bytes](void*) {
              used->bytes -= bytes;
              --used->updates;
            }};
  }
  std::size_t updates() const { return used_->updates; }

 private:
  struct Used {
    std::atomic<std::uint64_t> bytes = 0;
    std::atomic<std::size_t> updates = 0;
  };
  std::uint64_t max_bytes_;
  std::size_t min_updates_;
  std::shared_ptr<Used> used_;
};

}  // namespace fedge::client
