#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "fedge/common/clock.h"
#include "fedge/coordinator/run_machine.h"

namespace fedge {

// The bounds of a running coordinator. The defaults are what the documentation promises.
struct RuntimeOptions {
  Limits limits;
  // Models of the newest rounds; those that a round still needs are kept besides.
  std::uint32_t keep_rounds = 10;

  // Of an update's averaged elements together (L2); nullopt: any.
  std::optional<double> max_update_norm;
  std::size_t max_uploads = 16;  // at once, of updates that are not small
  std::uint64_t small_update_bytes = 64u << 10;
  Duration upload_hold{15'000};  // how long a client's question for its turn waits for the answer
  Duration upload_claim{5'000};  // how long a turn, or a place among those who wait, is kept

  Duration first_message_limit{10'000};    // for the header of an upload
  Duration transfer_stall{30'000};         // in which an upload or download must move ...
  std::uint64_t min_transfer_rate = 1024;  // ... at this rate, in bytes per second, or it is cut
  // The same for uploads that have a turn while others wait for one.
  std::uint64_t min_contended_rate = 64u << 10;

  std::optional<RoundId> from_round;            // begin by going back to the model after it
  std::uint64_t spool_limit = 0;                // of the updates of a round; 0: none
  std::uint64_t min_free_bytes = 256ull << 20;  // left free on the state directory's file system

  std::size_t max_queued_requests = 1u << 16;
  std::size_t max_sessions = 100'000;
  std::size_t max_parked_polls =
      20'000;  // beyond it clients are told to come back in `wait_when_full`
  std::size_t max_watchers = 64;

  Duration poll_hold{25'000};  // a poll is answered after 80 to 100 % of it
  Duration wait_when_full{30'000};
  Duration session_live{30'000};      // heard from within this time: nobody else gets the id
  Duration session_silence{75'000};   // three holds without a word: the client is gone
  Duration disconnect_grace{10'000};  // from a cut poll to the same
  Duration watch_end_grace{
      60'000};                  // how long a watcher of an ended run waits for its last evaluation
  Duration retry_after{2'000};  // told to whoever is turned away for lack of room or by a shutdown
};

}  // namespace fedge
