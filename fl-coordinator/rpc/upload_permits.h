#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "fedge/common/clock.h"
#include "fedge/coordinator/records.h"

namespace fedge {

// How many large uploads run at once, and whose turn it is: one permit per client, and who has
// waited longest goes first. A client asks; the answer comes when its turn has come, and then the
// permit is kept for it for a moment, until its stream is there. Pure but for the answers it calls.
// Runs on the actor thread.
class UploadPermits {
 public:
  struct Options {
    std::size_t max_uploads = 16;
    Duration hold{15'000};  // how long a question waits for its answer
    Duration claim{5'000};  // how long a permit waits for its stream, and a place for its client
  };
  enum class Turn : std::uint8_t {
    kNow,     // the permit is the client's; begin the upload
    kLater,   // not yet: ask again at once, the place is kept
    kNoMore,  // another call asks for the same client, or there will be no turn
  };
  using Answer = std::function<void(Turn)>;

  explicit UploadPermits(const Options& options) : options_(options) {}

  // Calls `answer` once, now or later. A second question of a client takes the place of its first.
  void Ask(const ClientId& client, TimePoint now, Answer answer);
  // A stream of this client begins to carry an upload, and has the permit until Release. A client's
  // newer stream takes it from the older one. False: it is not this client's turn.
  [[nodiscard]] bool Take(const ClientId& client, std::uint64_t stream);
  // The stream is over; nothing if it has no permit (any more).
  void Release(std::uint64_t stream, TimePoint now);
  // The client is gone: it neither waits nor is anything kept for it.
  void Forget(const ClientId& client, TimePoint now);
  // Answers what waited long enough, and takes back what nobody claimed.
  void Tick(TimePoint now);
  // When Tick has something to do; nullopt: never.
  std::optional<TimePoint> NextDeadline() const;
  // Answers everything with kNoMore.
  void Drain();

  std::size_t taken() const { return permits_.size(); }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  static constexpr std::uint64_t kNoStream = 0;
  struct Permit {
    std::uint64_t stream = kNoStream;  // kNoStream: kept for the client until `until`
    TimePoint until{};
  };
  struct Place {
    ClientId client;
    Answer answer;  // empty: the client was told to ask again, until `until`
    TimePoint until{};
  };
  void GrantFreed(TimePoint now);
  void RemovePlace(const ClientId& client);

  const Options options_;
  std::map<ClientId, Permit> permits_;
  std::map<std::uint64_t, Place> waiting_;      // by number, the longest wait first
  std::map<ClientId, std::uint64_t> place_of_;  // numbers in waiting_
  std::uint64_t last_place_ = 0;
};

}  // namespace fedge
