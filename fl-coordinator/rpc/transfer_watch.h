#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include <grpcpp/server_context.h>

#include "fedge/common/clock.h"
#include "fedge/coordinator_rpc/runtime_options.h"

namespace fedge {

// The end of a call that another thread may cut: its context must not be touched afterwards.
// Thread-safe.
class Cuttable {
 public:
  explicit Cuttable(grpc::CallbackServerContext& context) : context_(context) {}
  void Cut() {
    const std::lock_guard lock(mutex_);
    if (!ended_) context_.TryCancel();
  }
  // The first thing that OnDone does.
  void End() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }

 private:
  grpc::CallbackServerContext& context_;
  std::recursive_mutex mutex_;  // TryCancel may run the call's end on this thread
  bool ended_ = false;
};

// The streams that wait for their peer, so that none does for ever: one that does not begin, or
// moves less than the floor, is cut. What an upload brought stays, and it goes on there later.
// Runs on the actor thread.
class TransferWatch {
 public:
  struct Stream {
    std::function<std::uint64_t()> moved;  // bytes of payload so far
    std::function<void()> cut;             // ends the call; it is removed as any other
    bool begun = false;                    // its first message is here
    bool has_turn = false;                 // others may wait for it
  };

  explicit TransferWatch(const RuntimeOptions& options) : options_(options) {}

  void Add(std::uint64_t id, Stream stream, TimePoint now) {
    streams_[id] = {.stream = std::move(stream), .since = now};
  }
  void Begun(std::uint64_t id, TimePoint now) {
    if (const auto found = streams_.find(id); found != streams_.end()) {
      found->second.stream.begun = true;
      found->second.since = now;
    }
  }
  void TookTurn(std::uint64_t id) {
    if (const auto found = streams_.find(id); found != streams_.end())
      found->second.stream.has_turn = true;
  }
  void Remove(std::uint64_t id) { streams_.erase(id); }
  std::size_t size() const { return streams_.size(); }

  // Cuts those that are due; how many. `contended`: somebody waits for a turn.
  std::size_t Check(TimePoint now, bool contended) {
    std::size_t cut = 0;
    for (auto& [id, watched] : streams_) {
      const Duration limit =
          watched.stream.begun ? options_.transfer_stall : options_.first_message_limit;
      if (now - watched.since < limit) continue;
      const std::uint64_t moved = watched.stream.moved();
      const std::uint64_t rate = contended && watched.stream.has_turn ? options_.min_contended_rate
                                                                      : options_.min_transfer_rate;
      const auto floor = rate * static_cast<std::uint64_t>(limit.count()) / 1'000;
      if (moved - watched.moved < std::max<std::uint64_t>(floor, 1)) {
        watched.stream.cut();
        ++cut;
      }
      watched.moved = moved;
      watched.since = now;
    }
    return cut;
  }

 private:
  struct Watched {
    Stream stream;
    TimePoint since{};        // when `moved` was looked at
    std::uint64_t moved = 0;  // then
  };

  const RuntimeOptions& options_;
  std::map<std::uint64_t, Watched> streams_;
};

}  // namespace fedge
