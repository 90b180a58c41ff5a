#include "fedge/coordinator_rpc/readiness.h"

#include "fedge/v1/admin.grpc.pb.h"
#include "fedge/v1/federation.grpc.pb.h"

namespace fedge {

void Readiness::SetReady() {
  const std::lock_guard lock(mutex_);
  if (!loading_) return;
  loading_ = false;
  reason_.clear();
  Tell();
}

void Readiness::SetNotReady(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (!loading_ && !reason_.empty()) return;
  loading_ = false;
  reason_ = reason;
  Tell();
}

std::string Readiness::WhyNot() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

void Readiness::Publish(grpc::HealthCheckServiceInterface* service) {
  const std::lock_guard lock(mutex_);
  service_ = service;
  Tell();
}

void Readiness::Tell() {
  if (service_ == nullptr) return;
  service_->SetServingStatus("", reason_.empty());
  service_->SetServingStatus(v1::Federation::service_full_name(), reason_.empty());
  service_->SetServingStatus(v1::Admin::service_full_name(), reason_.empty());
}

}  // namespace fedge
