#pragma once

#include <stop_token>
#include <thread>

namespace fedge::fedctl {

// Turns SIGINT, SIGTERM and SIGHUP into a stop request, and makes a broken pipe an error of
// write(2). Make one on the main thread before any other thread is started: all of them inherit
// that these signals are blocked.
class Interrupts {
 public:
  Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  ~Interrupts();

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  int signals_ = -1;  // signalfd
  int end_ = -1;      // eventfd that ends the listener
  std::jthread listener_;
};

}  // namespace fedge::fedctl
