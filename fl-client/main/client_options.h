#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "fedge/common/clock.h"
#include "fedge/common/status.h"
#include "fedge/data/options.h"

namespace fedge {

// What the program fl-client does, as its command line says it.
struct ClientOptions {
  std::string coordinator = "127.0.0.1:8470";
  std::string id;  // empty: the host's name and a random suffix; of virtual clients "client"
  std::map<std::string, std::string> labels;
  std::string role = "trainer";
  std::optional<Duration> reconnect;  // none: for ever

  data::DatasetOptions data;
  std::uint32_t sequence_length = 80;  // of text
  std::string partition;               // empty: "iid" for virtual clients, else the whole data set
  std::uint32_t num_virtual = 0;       // 0: one client
  std::uint32_t num_partitions = 0;    // 0: as many as there are clients here
  std::uint32_t partition_index = 0;   // the first one's
  std::uint64_t seed = 1;              // of the partition and the holdout
  double holdout = 0;

  std::uint32_t workers = 0;  // 0: one per core
  std::uint32_t threads_per_worker = 1;
  std::string loss = "auto";
  std::string device = "cpu";
  std::uint32_t metrics_samples = 200;
  std::string cache_dir;  // empty: the system's folder for temporary files

  std::string log_level = "info";

  bool evaluates() const { return role == "evaluator"; }
  std::size_t num_clients() const { return num_virtual > 0 ? num_virtual : 1; }
  // Whether the clients here take parts of the data set rather than all of it.
  bool takes_parts() const { return num_virtual > 0 || !partition.empty(); }
  std::size_t num_parts() const { return num_partitions > 0 ? num_partitions : num_clients(); }
  std::string partition_spec() const { return partition.empty() ? "iid" : partition; }

  // All problems at once.
  Status Validate() const;
};

}  // namespace fedge
