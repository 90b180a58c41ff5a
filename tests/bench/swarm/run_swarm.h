#pragma once

#include <cstdint>
#include <string>

#include "fedge/common/clock.h"
#include "fedge/common/status.h"

namespace fedge::bench {

struct SwarmOptions {
  std::string coordinator = "127.0.0.1:8470";
  std::uint32_t clients = 8;
  std::uint32_t connections = 0;  // 0: as fl-client does
  std::uint32_t workers = 2;
  std::uint32_t rounds = 0;
  Duration deadline{600'000};
  std::uint32_t update_memory_mib = 64;
  std::string cache_dir = "/tmp";
  std::uint32_t watch_pid = 0;
  std::string log_level = "warning";

  std::string make_model;
  std::uint64_t parameters = 2'500;
};

// Joins the clients and, if rounds were asked for, runs them and prints what they took; else stays
// until a signal comes. Returns the exit code.
int RunSwarm(const SwarmOptions& options);

// Writes a model of that many float32 parameters.
Status MakeModel(const SwarmOptions& options);

}  // namespace fedge::bench
