#pragma once

#include <functional>
#include <thread>

namespace fedge {

// Calls `on_stop` once, on a thread of its own, at the first SIGTERM or SIGINT; the second one ends
// the process at once, and so does a stop that takes longer than five seconds: what runs on may be
// a batch of minutes, and nothing is lost. One object per process, made before any other thread.
class StopSignals {
 public:
  explicit StopSignals(std::function<void()> on_stop);
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

 private:
  void Watch(const std::function<void()>& on_stop) const;
  // Waits for a stop signal, or the object's end: then false.
  bool AwaitSignal() const;

  int signals_ = -1;
  int closing_ = -1;
  std::thread thread_;
};

}  // namespace fedge
