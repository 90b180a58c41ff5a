#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fedge/common/clock.h"

namespace fedge {

class PollCall;

// The polls that are held, at most one per session. Runs on the actor thread. A call that is in
// here is answered by whoever takes it out.
class ParkedPolls {
 public:
  struct Parked {
    PollCall* call = nullptr;
    std::string busy_task;  // empty: the client is idle
    TimePoint deadline{};
  };

  // Precondition: no poll of this session is held.
  void Park(const std::string& session, Parked parked);
  const Parked* Find(const std::string& session) const;
  // nullopt if none is held.
  std::optional<Parked> Take(const std::string& session);
  // Sessions whose polls were held long enough.
  std::vector<std::string> Due(TimePoint now) const;
  std::optional<TimePoint> NextDeadline() const;
  std::vector<std::string> All() const;
  std::size_t size() const { return by_session_.size(); }

 private:
  std::unordered_map<std::string, Parked> by_session_;
  std::set<std::pair<TimePoint, std::string>> by_deadline_;
};

}  // namespace fedge
