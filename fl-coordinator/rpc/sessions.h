#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fedge/common/clock.h"
#include "fedge/common/result.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator_rpc/metrics.h"
#include "fedge/coordinator_rpc/runtime_options.h"

namespace fedge {

// A client that joined. Lives in memory only: after a restart clients join again.
struct Session {
  std::string id;       // 16 random bytes
  std::string key;      // chosen by the client: who shows it again takes its session over
  ClientRecord record;  // as the store has or will have it
  TimePoint last_heard{};
  std::optional<TimePoint> disconnected{};  // its poll was cut and no other came since
  bool parked = false;                      // its poll is held
  // The last one that it got an answer for: nothing more to say about it.
  std::string answered_task{};
  std::optional<ClientState> counted{};  // as what the metrics have it
};

// Who is here, by session and by client id. Runs on the actor thread.
class Sessions {
 public:
  explicit Sessions(const RuntimeOptions& options) : options_(options) {}

  // The session that stands in the way of `client` joining with `key`: another one's that is alive.
  // kAlreadyExists; kResourceExhausted when there are as many sessions as there may be.
  Status Admit(const ClientId& client, std::string_view key, TimePoint now) const;
  // Precondition: the client has no session.
  Session& Add(Session session);
  void Remove(const ClientId& client);

  Session* Find(std::string_view session_id);
  Session* FindClient(const ClientId& client);
  const Session* FindClient(const ClientId& client) const;

  // Those that were silent or disconnected for too long.
  std::vector<ClientId> Expired(TimePoint now) const;
  // At most `limit` by client id, behind `client`.
  std::vector<const Session*> After(const ClientId& client, std::size_t limit) const;
  std::size_t size() const { return by_client_.size(); }
  std::size_t num_with_role(Role role) const;

 private:
  bool Alive(const Session& session, TimePoint now) const;

  const RuntimeOptions& options_;
  std::map<ClientId, Session> by_client_;
  std::unordered_map<std::string, ClientId> by_id_;
};

// `count` bytes from the operating system's generator.
std::string RandomBytes(std::size_t count);

}  // namespace fedge
