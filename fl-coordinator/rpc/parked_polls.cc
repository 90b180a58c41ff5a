#include "fedge/coordinator_rpc/parked_polls.h"

#include "fedge/common/check.h"

namespace fedge {

void ParkedPolls::Park(const std::string& session, Parked parked) {
  by_deadline_.emplace(parked.deadline, session);
  const bool inserted = by_session_.emplace(session, std::move(parked)).second;
  FEDGE_CHECK(inserted);
}

const ParkedPolls::Parked* ParkedPolls::Find(const std::string& session) const {
  const auto found = by_session_.find(session);
  return found == by_session_.end() ? nullptr : &found->second;
}

std::optional<ParkedPolls::Parked> ParkedPolls::Take(const std::string& session) {
  const auto found = by_session_.find(session);
  if (found == by_session_.end()) return std::nullopt;
  Parked parked = std::move(found->second);
  by_deadline_.erase({parked.deadline, session});
  by_session_.erase(found);
  return parked;
}

std::vector<std::string> ParkedPolls::Due(TimePoint now) const {
  std::vector<std::string> due;
  for (const auto& [deadline, session] : by_deadline_) {
    if (deadline > now) break;
    due.push_back(session);
  }
  return due;
}

std::optional<TimePoint> ParkedPolls::NextDeadline() const {
  if (by_deadline_.empty()) return std::nullopt;
  return by_deadline_.begin()->first;
}

std::vector<std::string> ParkedPolls::All() const {
  std::vector<std::string> all;
  all.reserve(by_session_.size());
  for (const auto& [session, parked] : by_session_) all.push_back(session);
  return all;
}

}  // namespace fedge
