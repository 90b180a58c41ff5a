#include "fedge/rpc/status.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "fedge/common/hash.h"
#include "fedge/v1/federation.pb.h"

namespace fedge {
namespace {

// gRPC refuses metadata beyond 8 KiB for the whole call, and percent-encoding may triple a
// character.
constexpr std::size_t kMaxMessage = 2'000;

std::uint32_t SealOf(const grpc::Status& status, v1::ErrorSeal seal) {
  seal.clear_crc32();
  const std::array<std::byte, 1> code = {static_cast<std::byte>(status.error_code())};
  const std::uint32_t crc = Crc32(AsBytes(status.error_message()), Crc32(code));
  return Crc32(AsBytes(seal.SerializeAsString()), crc);
}

bool ReadSeal(const grpc::Status& status, v1::ErrorSeal& seal) {
  return seal.ParseFromString(status.error_details()) && seal.has_crc32() &&
         seal.crc32() == SealOf(status, seal);
}

}  // namespace

grpc::Status ToGrpc(const Status& status, Duration retry_after) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message = status.message().substr(0, kMaxMessage);
  v1::ErrorSeal seal;
  seal.set_retry_after_ms(static_cast<std::uint32_t>(std::clamp<Duration::rep>(
      retry_after.count(), 0, std::numeric_limits<std::uint32_t>::max())));
  seal.set_crc32(SealOf({code, message}, seal));
  return {code, message, seal.SerializeAsString()};
}

Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return OkStatus();
  const int code = status.error_code();
  const bool canonical = code > 0 && code <= static_cast<int>(StatusCode::kUnauthenticated);
  return {canonical ? static_cast<StatusCode>(code) : StatusCode::kUnknown, status.error_message()};
}

bool ErrorSealHolds(const grpc::Status& status) {
  v1::ErrorSeal seal;
  return ReadSeal(status, seal);
}

Duration RetryAfter(const grpc::Status& status) {
  v1::ErrorSeal seal;
  return Duration(ReadSeal(status, seal) ? seal.retry_after_ms() : 0);
}

}  // namespace fedge
