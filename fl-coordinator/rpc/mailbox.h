#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

#include "fedge/common/clock.h"

namespace fedge {

class Actor;

// What a call asks of the actor; runs on its thread. Must not throw and must not block.
using Command = std::function<void(Actor&)>;

// The actor's inbox. Requests are bounded; what must not be lost (the end of a call, a result of
// the worker) always fits, for there is at most one of it per call that is open. Thread-safe.
class Mailbox {
 public:
  explicit Mailbox(std::size_t max_requests) : max_requests_(max_requests) {}

  // False when the box is full or closed: `command` is then dropped, and the caller answers for it.
  [[nodiscard]] bool TryPost(Command command);
  void Post(Command command);
  // TryPost fails from now on.
  void Close();

  // All that is there, in order; waits at most `max_wait` for the first. One caller at a time.
  std::vector<Command> TakeAll(Duration max_wait);
  std::size_t size() const;

 private:
  const std::size_t max_requests_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<Command> commands_;
  bool closed_ = false;
};

}  // namespace fedge
