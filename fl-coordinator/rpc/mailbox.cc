#include "fedge/coordinator_rpc/mailbox.h"

#include <utility>

namespace fedge {

bool Mailbox::TryPost(Command command) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || commands_.size() >= max_requests_) return false;
    commands_.push_back(std::move(command));
  }
  filled_.notify_one();
  return true;
}

void Mailbox::Post(Command command) {
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  filled_.notify_one();
}

void Mailbox::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

std::size_t Mailbox::size() const {
  const std::lock_guard lock(mutex_);
  return commands_.size();
}

std::vector<Command> Mailbox::TakeAll(Duration max_wait) {
  std::unique_lock lock(mutex_);
  if (max_wait > Duration::zero()) {
    filled_.wait_for(lock, max_wait, [this] { return !commands_.empty(); });
  }
  return std::exchange(commands_, {});
}

}  // namespace fedge
