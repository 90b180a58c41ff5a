#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "fedge/coordinator_rpc/metrics.h"
#include "fedge/coordinator_rpc/readiness.h"
#include "fedge/http/router.h"

namespace fedge {

// Where the answers to monitoring come from. All outlive the routes.
struct MonitoringSources {
  CoordinatorMetrics& metrics;
  const Readiness& readiness;
  std::string state_dir;
  std::function<std::size_t()> num_queued;  // requests that wait for the actor
};

// /metrics, /health/live, /health/ready, and / with a list of them. None of them waits for the
// actor: they answer while it writes to a slow disk, too.
http::Router MonitoringRoutes(const MonitoringSources& sources);

// Disk space of what a state directory holds, and of the file system that it lies on.
ScrapeSample MeasureDisk(const std::string& state_dir);

}  // namespace fedge
