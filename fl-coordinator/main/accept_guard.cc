#include "accept_guard.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <limits>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fedge/common/log.h"

namespace fedge {
namespace {

// Segments, models, the database and its log, sockets of gRPC's own.
constexpr int kOwnFiles = 64;

// Files get the lowest free number, so a high one says how many are open. Without a guard: any.
std::atomic<int> highest_connection{std::numeric_limits<int>::max()};

int Accept(int listener, sockaddr* address, socklen_t* size, int flags) {
  return static_cast<int>(::syscall(SYS_accept4, listener, address, size, flags));
}

}  // namespace

void GuardAccept() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur > static_cast<rlim_t>(std::numeric_limits<int>::max())) return;
  const int limit = static_cast<int>(files.rlim_cur);
  highest_connection = limit - std::min(kOwnFiles, limit / 2);
}

}  // namespace fedge

// In the place of libc's, for gRPC: shared libraries find the program's first.
extern "C" __attribute__((visibility("default"))) int accept4(int listener, sockaddr* address,
                                                              socklen_t* size, int flags) {
  const socklen_t room = size != nullptr ? *size : 0;
  int closed = 0;
  // The listener is polled edge-triggered: what waits must be taken until nothing does.
  int connection = fedge::Accept(listener, address, size, flags);
  for (; connection >= fedge::highest_connection; ++closed) {
    ::close(connection);
    if (size != nullptr) *size = room;
    connection = fedge::Accept(listener, address, size, flags);
  }
  if (closed > 0) {
    const int error = errno;
    fedge::log::Warning(
        "connections closed count={} reason=\"too few files are left to open; see 'ulimit -n'\"",
        closed);
    errno = error;
  }
  return connection;
}
