#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <grpcpp/client_context.h>

#include "fedge/client/session_io.h"

namespace fedge::client {

// The calls of a transport that have not ended, so that they can be cancelled and waited for.
// Thread-safe.
class OpenCalls {
 public:
  using Key =
      std::pair<std::size_t, CallId>;  // the client; of fetches kFetch and a number of their own
  static constexpr std::size_t kFetch = ~std::size_t{0};

  // False once everything is being closed: the call must not begin.
  bool Add(Key key, std::shared_ptr<grpc::ClientContext> context) {
    const std::lock_guard lock(mutex_);
    if (closing_) return false;
    contexts_.emplace(key, std::move(context));
    ++num_open_;
    return true;
  }

  // The last thing that a call does, when it holds its context no more: a context holds the
  // channel, and a channel that ends on a thread of gRPC waits there for that very thread.
  void Remove(Key key) {
    {
      std::shared_ptr<grpc::ClientContext> ended;  // ends after the lock is released
      const std::lock_guard lock(mutex_);
      const auto it = contexts_.find(key);
      ended = std::move(it->second);
      contexts_.erase(it);
    }
    const std::lock_guard lock(mutex_);
    if (--num_open_ == 0) empty_.notify_all();
  }

  void Cancel(Key key) {
    std::shared_ptr<grpc::ClientContext> context;
    {
      const std::lock_guard lock(mutex_);
      const auto it = contexts_.find(key);
      if (it == contexts_.end()) return;
      context = it->second;
    }
    context->TryCancel();  // may run the call's own end on this thread: not under the lock
  }

  // Cancels all and waits until the last has ended.
  void Close() {
    std::vector<std::shared_ptr<grpc::ClientContext>> open;
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
      for (const auto& [key, context] : contexts_) open.push_back(context);
    }
    for (const auto& context : open) context->TryCancel();
    open.clear();
    std::unique_lock lock(mutex_);
    empty_.wait(lock, [this] { return num_open_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable empty_;
  std::map<Key, std::shared_ptr<grpc::ClientContext>> contexts_;
  std::size_t num_open_ = 0;  // whose Remove is not over
  bool closing_ = false;
};

}  // namespace fedge::client
