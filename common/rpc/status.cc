#include "fedge/rpc/status.h"

#include <charconv>
#include <string>

namespace fedge {
namespace {

constexpr char kRetryAfter[] = "retry-after-ms";
// gRPC refuses metadata beyond 8 KiB for the whole call, and percent-encoding may triple a
// character.
constexpr std::size_t kMaxMessage = 2'000;

}  // namespace

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code()), status.message().substr(0, kMaxMessage)};
}

Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return OkStatus();
  const int code = status.error_code();
  const bool canonical = code > 0 && code <= static_cast<int>(StatusCode::kUnauthenticated);
  return {canonical ? static_cast<StatusCode>(code) : StatusCode::kUnknown, status.error_message()};
}

void SetRetryAfter(grpc::ServerContextBase& context, Duration retry_after) {
  context.AddTrailingMetadata(kRetryAfter, std::to_string(retry_after.count()));
}

std::optional<Duration> RetryAfter(const grpc::ClientContext& context) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find(kRetryAfter);
  if (found == metadata.end()) return std::nullopt;
  const grpc::string_ref text = found->second;
  std::uint32_t milliseconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Duration(milliseconds);
}

}  // namespace fedge
