#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace fedge::testing {

// What a ChaosProxy does to the bytes. Distances are the mean numbers of bytes between two faults
// of a kind in one direction of a connection; 0: never.
struct ChaosOptions {
  std::uint64_t seed = 1;
  std::uint64_t bytes_per_cut = 0;    // the connection is closed, or reset
  std::uint64_t bytes_per_flip = 0;   // one bit is flipped
  std::uint64_t bytes_per_stall = 0;  // nothing moves for up to max_stall_ms
  std::uint32_t max_stall_ms = 20;
  // A new connection waits for up to so long, so that later ones overtake it.
  std::uint32_t max_connect_delay_ms = 0;
  bool split_writes = false;  // into pieces of 1 to 1,500 bytes
  // Cuts at exact totals of bytes, over all connections, ascending.
  std::vector<std::uint64_t> cut_up_at = {};
  std::vector<std::uint64_t> cut_down_at = {};
};

// Stands between clients and a server on this machine, on a thread of its own. Thread-safe.
class ChaosProxy {
 public:
  struct Counts {
    std::uint64_t connections = 0;
    std::uint64_t cuts = 0;
    std::uint64_t flips = 0;
    std::uint64_t stalls = 0;
    std::uint64_t bytes_up = 0;  // read from clients
    std::uint64_t bytes_down = 0;
  };

  // `target` is 127.0.0.1:PORT.
  ChaosProxy(const std::string& target, const ChaosOptions& options);
  ~ChaosProxy();

  // 127.0.0.1:PORT, for clients.
  const std::string& address() const;
  Counts counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fedge::testing
