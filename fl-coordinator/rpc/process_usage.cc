#include "fedge/coordinator_rpc/process_usage.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace fedge {
namespace {

// Seconds since the epoch at which the machine started.
double BootTime() {
  std::ifstream stat("/proc/stat");
  for (std::string word; stat >> word;) {
    if (word != "btime") continue;
    double seconds = 0;
    stat >> seconds;
    return seconds;
  }
  return 0;
}

// Fields 14 (utime), 15 (stime), 20 (num_threads), 22 (starttime) and on of /proc/self/stat; see
// proc(5). The name in field 2 may hold spaces, so they are counted from behind it.
void ReadStat(ProcessUsage& usage) {
  std::ifstream file("/proc/self/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  for (int field = 16; field < 20; ++field) fields >> skipped;
  double start = 0;
  std::uint64_t resident_pages = 0;
  fields >> usage.threads >> skipped >> start >> usage.virtual_bytes >> resident_pages;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  usage.cpu_seconds = (user + system) / ticks;
  usage.start_unix_seconds = BootTime() + start / ticks;
  usage.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t CountDescriptors() {
  std::error_code error;
  std::uint64_t count = 0;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  return count == 0 ? 0 : count - 1;  // the folder itself is open while it is read
}

}  // namespace

ProcessUsage ReadProcessUsage() {
  ProcessUsage usage;
  ReadStat(usage);
  usage.open_fds = CountDescriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) usage.max_fds = limit.rlim_cur;
  return usage;
}

}  // namespace fedge
