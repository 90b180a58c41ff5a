#include "fedge/fedctl/interrupts.h"

#include <array>
#include <csignal>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "fedge/common/check.h"

namespace fedge::fedctl {

Interrupts::Interrupts() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, signal);
  FEDGE_CHECK(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  end_ = ::eventfd(0, EFD_CLOEXEC);
  FEDGE_CHECK(signals_ >= 0 && end_ >= 0);
  listener_ = std::jthread([this] {
    std::array<pollfd, 2> files = {{{signals_, POLLIN, 0}, {end_, POLLIN, 0}}};
    while (::poll(files.data(), files.size(), -1) < 0) {
    }
    if ((files[0].revents & POLLIN) != 0) source_.request_stop();
  });
}

Interrupts::~Interrupts() {
  static_cast<void>(::eventfd_write(end_, 1));
  listener_.join();
  ::close(signals_);
  ::close(end_);
}

}  // namespace fedge::fedctl
