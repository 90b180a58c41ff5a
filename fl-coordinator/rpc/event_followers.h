#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "fedge/common/status.h"

namespace fedge {

class EventsReactor;

// The ListEvents calls that have sent all there is and wait for more. Runs on the actor thread; a
// call in here is resumed or finished by whoever takes it out.
class EventFollowers {
 public:
  explicit EventFollowers(std::size_t max_followers) : max_followers_(max_followers) {}

  // False when there are too many.
  [[nodiscard]] bool Add(std::uint64_t id, EventsReactor* reactor);
  // There are new events: every call goes on.
  void WakeAll();
  // The reader of this call went away, if it still waits.
  void Cancelled(std::uint64_t id);
  void FinishAll(const Status& status);

 private:
  const std::size_t max_followers_;
  std::map<std::uint64_t, EventsReactor*> waiting_;
};

}  // namespace fedge
