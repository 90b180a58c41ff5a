#include "fedge/coordinator_rpc/monitoring.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace fedge {
namespace {

constexpr char kIndex[] =
    "fl-coordinator\n"
    "\n"
    "/metrics       what it counts, for Prometheus\n"
    "/health/live   200 while the process runs\n"
    "/health/ready  200 while it takes work, else 503 and why not\n";

std::uint64_t AllocatedBytes(const std::filesystem::path& path) {
  struct stat info {};
  // A file that has gone meanwhile takes no space.
  if (::stat(path.c_str(), &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.st_blocks) * 512;
}

// Of the files in a folder whose names begin with `prefix`.
std::uint64_t BytesIn(const std::filesystem::path& folder, const std::string& prefix = "") {
  std::error_code error;
  std::uint64_t bytes = 0;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().string().starts_with(prefix))
      bytes += AllocatedBytes(entry->path());
  }
  return bytes;
}

http::Response Ready(const MonitoringSources& sources) {
  std::string reason = sources.readiness.WhyNot();
  // Says so for a disk that was mounted read-only after an error, without writing to it.
  if (reason.empty() && ::access(sources.state_dir.c_str(), W_OK) != 0)
    reason = fmt::format("{}: {}", sources.state_dir, std::strerror(errno));
  if (reason.empty()) return {.body = "ready\n"};
  return {.status = 503, .body = "not ready: " + reason + "\n"};
}

http::Response MetricsPage(const MonitoringSources& sources) {
  ScrapeSample sample = MeasureDisk(sources.state_dir);
  sample.queued_requests = sources.num_queued();
  return {.content_type = std::string(CoordinatorMetrics::ContentType()),
          .body = sources.metrics.Page(sample)};
}

}  // namespace

ScrapeSample MeasureDisk(const std::string& state_dir) {
  const std::filesystem::path folder(state_dir);
  ScrapeSample sample;
  sample.spool_bytes = BytesIn(folder / "spool");
  sample.models_bytes = BytesIn(folder / "models");
  sample.database_bytes = BytesIn(folder, "coordinator.db");
  struct statvfs disk {};
  if (::statvfs(state_dir.c_str(), &disk) == 0) {
    sample.disk_free_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    sample.disk_size_bytes = std::uint64_t{disk.f_blocks} * disk.f_frsize;
  }
  return sample;
}

http::Router MonitoringRoutes(const MonitoringSources& sources) {
  http::Router router;
  router.Add("GET", "/", [](const http::Request&) { return http::Response{.body = kIndex}; });
  router.Add("GET", "/health/live",
             [](const http::Request&) { return http::Response{.body = "live\n"}; });
  router.Add("GET", "/health/ready", [sources](const http::Request&) { return Ready(sources); });
  router.Add("GET", "/metrics", [sources](const http::Request&) { return MetricsPage(sources); });
  return router;
}

}  // namespace fedge
