#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "fedge/client/model_download.h"
#include "fedge/client/session_io.h"
#include "fedge/common/clock.h"

namespace fedge::client {

// An event of one session.
struct SessionEvent {
  std::size_t client = 0;
  Event event;
};
// A transfer is over, well or not; the download comes back to whoever began it.
struct FetchEnded {
  std::unique_ptr<ModelDownload> download;
  Status status;
};
// All sessions are to leave.
struct StopRequested {};
using Message = std::variant<SessionEvent, FetchEnded, StopRequested>;

// What the transport and the workers tell the actor. Its length is bounded by the calls and jobs
// that are open: each answers once. Thread-safe; outlives everything that posts.
class Mailbox {
 public:
  void Post(Message message) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
      wake = waiting_ && messages_.size() == 1;
    }
    if (wake) posted_.notify_one();
  }

  // Moves all messages into `out` (which it clears first), waiting at most `limit` for the first;
  // without a limit for as long as it takes. One reader.
  void Take(std::optional<Duration> limit, std::vector<Message>& out) {
    out.clear();
    std::unique_lock lock(mutex_);
    waiting_ = true;
    const auto any = [this] { return !messages_.empty(); };
    if (limit) {
      posted_.wait_for(lock, *limit, any);
    } else {
      posted_.wait(lock, any);
    }
    waiting_ = false;
    out.swap(messages_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable posted_;
  std::vector<Message> messages_;
  bool waiting_ = false;
};

}  // namespace fedge::client
