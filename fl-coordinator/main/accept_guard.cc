#include "accept_guard.h"

#include <cerrno>
#include <mutex>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fedge/common/log.h"

namespace fedge {
namespace {

struct Reserve {
  std::mutex mutex;
  int file = -1;
};

Reserve& TheReserve() {
  static Reserve reserve;
  return reserve;
}

int Accept(int listener, sockaddr* address, socklen_t* size, int flags) {
  return static_cast<int>(::syscall(SYS_accept4, listener, address, size, flags));
}

// Everything that waits: the listener is polled edge-triggered, and says nothing more of them.
void CloseWaiting(int listener) {
  Reserve& reserve = TheReserve();
  const std::lock_guard lock(reserve.mutex);
  if (reserve.file >= 0) ::close(reserve.file);
  int count = 0;
  for (int connection; (connection = Accept(listener, nullptr, nullptr, 0)) >= 0; ++count)
    ::close(connection);
  reserve.file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  log::Warning("connections closed count={} reason=\"no file is left to open; see 'ulimit -n'\"",
               count);
}

}  // namespace

void GuardAccept() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  Reserve& reserve = TheReserve();
  const std::lock_guard lock(reserve.mutex);
  reserve.file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace fedge

// In the place of libc's, for gRPC: shared libraries find the program's first.
extern "C" __attribute__((visibility("default"))) int accept4(int listener, sockaddr* address,
                                                              socklen_t* size, int flags) {
  const int connection = fedge::Accept(listener, address, size, flags);
  if (connection >= 0 || (errno != EMFILE && errno != ENFILE)) return connection;
  fedge::CloseWaiting(listener);
  errno = EAGAIN;
  return -1;
}
