#pragma once

#include <cstdint>
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
  bool insecure = false;
  std::string ready_file;
  std::uint32_t keep_models = RuntimeOptions{}.keep_models;
  std::uint32_t max_uploads = static_cast<std::uint32_t>(RuntimeOptions{}.max_uploads);
  Duration join_grace = Limits{}.join_grace;
  std::string log_level = "info";

  // All problems at once.
  Status Validate() const;
  // Precondition: Validate() is OK.
  ServerOptions ToServerOptions() const;
};

}  // namespace fedge
