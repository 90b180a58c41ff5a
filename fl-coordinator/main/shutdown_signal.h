#pragma once

namespace fedge {

// Waits for the moment to stop: SIGTERM or SIGINT, or another thread's call. After the first signal
// the next one has its default effect, which ends the process at once. One object per process, made
// before any other thread.
class ShutdownSignal {
 public:
  ShutdownSignal();
  ShutdownSignal(const ShutdownSignal&) = delete;
  ShutdownSignal& operator=(const ShutdownSignal&) = delete;
  ~ShutdownSignal();

  // Returns the signal's number, or 0 when Trigger was called.
  int Wait();
  // Thread-safe.
  void Trigger();

 private:
  int signals_ = -1;
  int triggered_ = -1;
};

}  // namespace fedge
