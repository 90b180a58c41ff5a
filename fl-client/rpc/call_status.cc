#include "fedge/client_rpc/call_status.h"

#include <algorithm>
#include <string_view>

#include "fedge/rpc/status.h"

namespace fedge::client {
namespace {

constexpr std::uint64_t kSlowestBytesPerSecond = 32u << 10;
constexpr std::uint64_t kMaxTransferSeconds = 7 * 24 * 3600;

bool IsTransportError(StatusCode code) {
  return code == StatusCode::kCancelled || code == StatusCode::kDeadlineExceeded ||
         code == StatusCode::kUnimplemented;
}

}  // namespace

Status FromCall(const grpc::Status& grpc_status) {
  Status status = FromGrpc(grpc_status);
  if (!status.ok() && !ErrorSealHolds(grpc_status) && !IsTransportError(status.code()))
    status = Unavailable("{}", status.message());
  static constexpr std::string_view kConnecting = "Failed to connect to remote host: ";
  if (const auto at = status.message().rfind(kConnecting); at != std::string::npos) {
    return {status.code(), status.message().substr(at + kConnecting.size())};
  }
  return status;
}

std::chrono::system_clock::time_point TransferDeadline(std::uint64_t bytes, Duration patience) {
  const std::uint64_t seconds = std::min(bytes / kSlowestBytesPerSecond, kMaxTransferSeconds);
  return std::chrono::system_clock::now() + patience + std::chrono::seconds(seconds);
}

}  // namespace fedge::client
