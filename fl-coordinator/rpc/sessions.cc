#include "fedge/coordinator_rpc/sessions.h"

#include <algorithm>
#include <utility>

#include <sys/random.h>

namespace fedge {

Status Sessions::Admit(const ClientId& client, std::string_view key, TimePoint now) const {
  const auto found = by_client_.find(client);
  if (found == by_client_.end()) {
    if (by_client_.size() < options_.max_sessions) return OkStatus();
    return ResourceExhausted("{} clients have joined, which is the most this coordinator takes",
                             by_client_.size());
  }
  if (found->second.key == key || !Alive(found->second, now)) return OkStatus();
  return AlreadyExists(
      "client id '{}' is in use by another live client; give this one another --id", client);
}

Session& Sessions::Add(Session session) {
  by_id_.emplace(session.id, session.record.client);
  const ClientId client = session.record.client;
  const auto [place, inserted] = by_client_.emplace(client, std::move(session));
  FEDGE_CHECK(inserted);
  return place->second;
}

void Sessions::Remove(const ClientId& client) {
  const auto found = by_client_.find(client);
  if (found == by_client_.end()) return;
  by_id_.erase(found->second.id);
  by_client_.erase(found);
}

Session* Sessions::Find(std::string_view session_id) {
  const auto found = by_id_.find(std::string(session_id));
  return found == by_id_.end() ? nullptr : &by_client_.at(found->second);
}

Session* Sessions::FindClient(const ClientId& client) {
  const auto found = by_client_.find(client);
  return found == by_client_.end() ? nullptr : &found->second;
}

const Session* Sessions::FindClient(const ClientId& client) const {
  const auto found = by_client_.find(client);
  return found == by_client_.end() ? nullptr : &found->second;
}

std::vector<ClientId> Sessions::Expired(TimePoint now) const {
  std::vector<ClientId> expired;
  for (const auto& [client, session] : by_client_) {
    if (session.parked) continue;
    const bool silent = now - session.last_heard >= options_.session_silence;
    const bool cut =
        session.disconnected && now - *session.disconnected >= options_.disconnect_grace;
    if (silent || cut) expired.push_back(client);
  }
  return expired;
}

std::vector<const Session*> Sessions::After(const ClientId& client, std::size_t limit) const {
  std::vector<const Session*> page;
  for (auto next = by_client_.upper_bound(client); next != by_client_.end() && page.size() < limit;
       ++next) {
    page.push_back(&next->second);
  }
  return page;
}

std::size_t Sessions::num_with_role(Role role) const {
  return static_cast<std::size_t>(
      std::count_if(by_client_.begin(), by_client_.end(),
                    [role](const auto& entry) { return entry.second.record.role == role; }));
}

bool Sessions::Alive(const Session& session, TimePoint now) const {
  if (session.parked) return true;
  return !session.disconnected && now - session.last_heard < options_.session_live;
}

std::string RandomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = ::getrandom(bytes.data() + filled, count - filled, 0);
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace fedge
