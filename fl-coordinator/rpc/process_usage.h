#pragma once

#include <cstdint>

namespace fedge {

// What this process uses of the machine, from /proc; 0 for what cannot be read.
struct ProcessUsage {
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  double cpu_seconds = 0;         // user and system
  double start_unix_seconds = 0;  // when it began
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
  std::uint64_t threads = 0;
};
ProcessUsage ReadProcessUsage();

}  // namespace fedge
