#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "fedge/common/clock.h"
#include "fedge/common/status.h"
#include "fedge/coordinator_rpc/server.h"

namespace fedge {

// What the command line and the configuration file of fl-coordinator say.
struct CoordinatorOptions {
  std::string model;
  std::string state_dir;
  std::string listen = "127.0.0.1:8470";
  std::string http = "127.0.0.1:8471";  // or "off"
  bool insecure = false;
  std::string ready_file;
  std::string restore;
  std::optional<double> from_round;
  std::uint32_t keep_rounds = RuntimeOptions{}.keep_rounds;
  std::uint64_t keep_history = StoreOptions{}.keep_tasks;
  std::uint64_t max_weight = Limits{}.max_weight;
  std::optional<double> max_update_norm;
  std::uint32_t max_uploads = static_cast<std::uint32_t>(RuntimeOptions{}.max_uploads);
  std::uint64_t spool_limit = RuntimeOptions{}.spool_limit;
  std::uint64_t min_free = RuntimeOptions{}.min_free_bytes;
  Duration transfer_stall = RuntimeOptions{}.transfer_stall;
  std::uint32_t max_sessions = static_cast<std::uint32_t>(RuntimeOptions{}.max_sessions);
  Duration join_grace = Limits{}.join_grace;
  std::string log_level = "info";

  // All problems at once.
  Status Validate() const;
  // Precondition: Validate() is OK.
  ServerOptions ToServerOptions() const;
};

}  // namespace fedge
