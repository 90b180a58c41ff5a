#include "startup_memory.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string_view>

#include <malloc.h>
#include <sys/mman.h>

namespace fedge {

void ReleaseStartupMemory() {
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

}  // namespace fedge
