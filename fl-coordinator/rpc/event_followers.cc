#include "fedge/coordinator_rpc/event_followers.h"

#include <utility>

#include "fedge/coordinator_rpc/events_reactor.h"

namespace fedge {

bool EventFollowers::Add(std::uint64_t id, EventsReactor* reactor) {
  if (waiting_.size() >= max_followers_) return false;
  waiting_.emplace(id, reactor);
  return true;
}

void EventFollowers::WakeAll() {
  for (const auto& [id, reactor] : std::exchange(waiting_, {})) reactor->Resume();
}

void EventFollowers::Cancelled(std::uint64_t id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  found->second->End(fedge::Cancelled("the follower went away"));
  waiting_.erase(found);
}

void EventFollowers::FinishAll(const Status& status) {
  for (const auto& [id, reactor] : std::exchange(waiting_, {})) reactor->End(status);
}

}  // namespace fedge
