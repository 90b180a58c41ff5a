#pragma once

#include <mutex>
#include <string>

#include <grpcpp/health_check_service_interface.h>

namespace fedge {

// Whether the coordinator takes work, and if not, why: for /health/ready and for gRPC's health
// service. Begins as not ready: the state is being loaded. Thread-safe.
class Readiness {
 public:
  // Without effect once there was a reason not to be.
  void SetReady();
  // For good; the first reason stays.
  void SetNotReady(const std::string& reason);
  // Empty: it is ready.
  std::string WhyNot() const;

  // `service` says the same from now on, of itself and of the services named here; nullptr before
  // it goes.
  void Publish(grpc::HealthCheckServiceInterface* service);

 private:
  void Tell();

  mutable std::mutex mutex_;  // guards what follows
  bool loading_ = true;
  std::string reason_ = "the state is being loaded";
  grpc::HealthCheckServiceInterface* service_ = nullptr;
};

}  // namespace fedge
