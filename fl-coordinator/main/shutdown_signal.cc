#include "shutdown_signal.h"

#include <array>
#include <cerrno>
#include <cstdint>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "fedge/common/check.h"

namespace fedge {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

ShutdownSignal::ShutdownSignal() {
  // A reader of our output that went away is an error to report, not a reason to die.
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = StopSignals();
  // Threads that are made later inherit the mask, so none of them is interrupted.
  FEDGE_CHECK(::pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  signals_ = ::signalfd(-1, &signals, SFD_CLOEXEC);
  triggered_ = ::eventfd(0, EFD_CLOEXEC);
  FEDGE_CHECK(signals_ >= 0 && triggered_ >= 0);
}

ShutdownSignal::~ShutdownSignal() {
  ::close(signals_);
  ::close(triggered_);
}

int ShutdownSignal::Wait() {
  std::array<pollfd, 2> waits = {{{.fd = signals_, .events = POLLIN, .revents = 0},
                                  {.fd = triggered_, .events = POLLIN, .revents = 0}}};
  while (::poll(waits.data(), waits.size(), -1) < 0 && errno == EINTR) {
  }
  int signal = 0;
  if ((waits[0].revents & POLLIN) != 0) {
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      signal = static_cast<int>(info.ssi_signo);
  }
  const sigset_t signals = StopSignals();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  return signal;
}

void ShutdownSignal::Trigger() {
  const std::uint64_t one = 1;
  // Can only fail when it was triggered 2^64 times.
  [[maybe_unused]] const ssize_t written = ::write(triggered_, &one, sizeof one);
}

}  // namespace fedge
