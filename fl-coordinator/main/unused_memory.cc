#include "unused_memory.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string_view>

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace fedge {

void ReleaseUnusedMemory() {
  ::malloc_trim(0);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> maps(std::fopen("/proc/self/maps", "re"),
                                                             std::fclose);
  if (maps == nullptr) return;
  char line[512];
  while (std::fgets(line, sizeof line, maps.get()) != nullptr) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char permissions[5] = {};
    if (std::sscanf(line, "%lx-%lx %4s", &begin, &end, permissions) != 3) continue;
    // Code of files only: it is never written, so the file has all of it. Relocated data must stay.
    const bool is_code = std::string_view(permissions) == "r-xp" &&
                         std::string_view(line).find('/') != std::string_view::npos;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel's text gives numbers
    if (is_code) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
}

namespace {

constexpr std::chrono::milliseconds kTrimInterval{100};
constexpr std::uint64_t kTrimGrowth = 4u << 20;
// A process that used less than a hundredth of a core for so long rests.
constexpr int kRestTicks = 50;
constexpr double kRestSeconds = 0.05;
constexpr std::uint64_t kRestGrowth = 2u << 20;

double ProcessorSeconds() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// 0 if the system does not tell.
std::uint64_t ResidentBytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> statm(std::fopen("/proc/self/statm", "re"),
                                                              std::fclose);
  unsigned long size = 0;
  unsigned long resident = 0;
  if (statm == nullptr || std::fscanf(statm.get(), "%lu %lu", &size, &resident) != 2) return 0;
  return std::uint64_t{resident} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Releases what work since the last rest left behind, once the process rests again.
class RestWatch {
 public:
  void Tick(std::uint64_t resident) {
    if (++ticks_ < kRestTicks) return;
    ticks_ = 0;
    const double seconds = ProcessorSeconds();
    const bool rests = seconds - seconds_ < kRestSeconds;
    seconds_ = seconds;
    if (!rests || resident < released_ + kRestGrowth) return;
    ReleaseUnusedMemory();
    released_ = ResidentBytes();
  }

 private:
  int ticks_ = 0;
  double seconds_ = ProcessorSeconds();
  std::uint64_t released_ = ResidentBytes();
};

void KeepTrimming(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  std::uint64_t trimmed = ResidentBytes();
  RestWatch rest;
  while (!wake.wait_for(lock, stop, kTrimInterval, [&stop] { return stop.stop_requested(); })) {
    const std::uint64_t resident = ResidentBytes();
    rest.Tick(resident);
    if (resident < trimmed) trimmed = resident;
    if (resident < trimmed + kTrimGrowth) continue;
    ::malloc_trim(0);
    trimmed = ResidentBytes();
  }
}

}  // namespace

HeapTrimmer::HeapTrimmer() : thread_(KeepTrimming) {}

}  // namespace fedge
