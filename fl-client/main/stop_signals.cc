#include "stop_signals.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "fedge/cli/exit_code.h"
#include "fedge/common/check.h"
#include "fedge/common/log.h"

namespace fedge {
namespace {

constexpr int kPatienceMs = 5'000;

sigset_t Signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  return signals;
}

bool Readable(const pollfd& entry) { return (entry.revents & POLLIN) != 0; }

}  // namespace

StopSignals::StopSignals(std::function<void()> on_stop) {
  const sigset_t signals = Signals();
  // Threads that are made later inherit the mask: none of them is interrupted.
  FEDGE_CHECK(::pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  signals_ = ::signalfd(-1, &signals, SFD_CLOEXEC);
  closing_ = ::eventfd(0, EFD_CLOEXEC);
  FEDGE_CHECK(signals_ >= 0 && closing_ >= 0);
  thread_ = std::thread([this, on_stop = std::move(on_stop)] { Watch(on_stop); });
}

StopSignals::~StopSignals() {
  const std::uint64_t one = 1;
  FEDGE_CHECK(::write(closing_, &one, sizeof one) == static_cast<ssize_t>(sizeof one));
  thread_.join();
  ::close(signals_);
  ::close(closing_);
}

bool StopSignals::AwaitSignal() const {
  std::array<pollfd, 2> waits = {{{.fd = signals_, .events = POLLIN, .revents = 0},
                                  {.fd = closing_, .events = POLLIN, .revents = 0}}};
  while (::poll(waits.data(), waits.size(), -1) < 0 && errno == EINTR) {
  }
  if (!Readable(waits[0])) return false;
  signalfd_siginfo info{};
  return ::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info);
}

void StopSignals::Watch(const std::function<void()>& on_stop) const {
  if (!AwaitSignal()) return;
  // From here on this thread takes the next signal in the default way.
  const sigset_t signals = Signals();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  on_stop();
  pollfd closing = {.fd = closing_, .events = POLLIN, .revents = 0};
  while (::poll(&closing, 1, kPatienceMs) < 0 && errno == EINTR) {
  }
  if (Readable(closing)) return;
  log::Warning("a batch is still running; it is given up");
  std::_Exit(cli::kExitDone);
}

}  // namespace fedge
