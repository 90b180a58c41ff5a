#pragma once

#include <chrono>
#include <string_view>
#include <utility>

#include <grpcpp/support/server_callback.h>

#include "fedge/coordinator_rpc/metrics.h"
#include "fedge/rpc/status.h"

namespace fedge {

// The name of the method that takes this request: "Join" for JoinRequest. Every method names its
// request so; a test holds the protocol to it.
template <typename Request>
std::string_view MethodOf() {
  static const std::string_view kName = [] {
    std::string_view name = Request::descriptor()->name();
    name.remove_suffix(std::string_view("Request").size());
    return name;
  }();
  return kName;
}

// A gRPC reactor that counts its call when it is answered: with its status code and the time for
// which the coordinator had something to do for it. As with all reactors, one thread at a time
// holds the call.
template <typename Reactor>
class CountedCall : public Reactor {
 protected:
  CountedCall(CoordinatorMetrics& metrics, std::string_view method)
      : metrics_(metrics), method_(method) {}

  // The call waits for something to happen; that is not its handling time.
  void StopTiming() {
    handled_ += Clock::now() - resumed_;
    paused_ = true;
  }
  void StartTiming() {
    resumed_ = Clock::now();
    paused_ = false;
  }

  void Finish(const grpc::Status& status) {
    Count(status);
    Reactor::Finish(status);
  }
  template <typename Message>
  void StartWriteAndFinish(const Message* message, const grpc::WriteOptions& options,
                           const grpc::Status& status) {
    Count(status);
    Reactor::StartWriteAndFinish(message, options, status);
  }
  CoordinatorMetrics& metrics() { return metrics_; }

 private:
  using Clock = std::chrono::steady_clock;

  // Before the answer goes out: whoever has it finds the call counted.
  void Count(const grpc::Status& status) {
    if (!paused_) StopTiming();
    metrics_.CallEnded(method_, static_cast<StatusCode>(status.error_code()), handled_);
  }

  CoordinatorMetrics& metrics_;
  const std::string_view method_;
  Clock::time_point resumed_ = Clock::now();
  Clock::duration handled_{};
  bool paused_ = false;
};

}  // namespace fedge
