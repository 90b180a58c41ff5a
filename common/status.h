#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace fedge {

// The canonical codes, numbered as gRPC numbers them, so that an adapter converts by value.
enum class StatusCode {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// "INVALID_ARGUMENT" and so on.
std::string_view StatusCodeName(StatusCode code);

// The outcome of an operation that gives no value: OK, or a code with a message for a person. A
// message is lower case, names the object and the value, then what is allowed or what to do. A
// value type; thread-compatible.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // "INVALID_ARGUMENT: model.pt: ..." or "OK".
  std::string ToString() const;

  // The same code, the message prefixed with "context: ". Each layer on the way up adds its context
  // once.
  Status WithContext(std::string_view context) const;

  friend bool operator==(const Status&, const Status&) = default;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

inline Status OkStatus() { return {}; }

// Error makers: InvalidArgument("'{}' is {}", name, value).
#define FEDGE_DEFINE_STATUS_MAKER(Name)                                             \
  template <typename... Args>                                                       \
  Status Name(fmt::format_string<Args...> format, Args&&... args) {                 \
    return {StatusCode::k##Name, fmt::format(format, std::forward<Args>(args)...)}; \
  }
FEDGE_DEFINE_STATUS_MAKER(Cancelled)
FEDGE_DEFINE_STATUS_MAKER(InvalidArgument)
FEDGE_DEFINE_STATUS_MAKER(DeadlineExceeded)
FEDGE_DEFINE_STATUS_MAKER(NotFound)
FEDGE_DEFINE_STATUS_MAKER(AlreadyExists)
FEDGE_DEFINE_STATUS_MAKER(PermissionDenied)
FEDGE_DEFINE_STATUS_MAKER(ResourceExhausted)
FEDGE_DEFINE_STATUS_MAKER(FailedPrecondition)
FEDGE_DEFINE_STATUS_MAKER(Aborted)
FEDGE_DEFINE_STATUS_MAKER(OutOfRange)
FEDGE_DEFINE_STATUS_MAKER(Unimplemented)
FEDGE_DEFINE_STATUS_MAKER(Internal)
FEDGE_DEFINE_STATUS_MAKER(Unavailable)
FEDGE_DEFINE_STATUS_MAKER(DataLoss)
FEDGE_DEFINE_STATUS_MAKER(Unauthenticated)
#undef FEDGE_DEFINE_STATUS_MAKER

#define FEDGE_RETURN_IF_ERROR(expression)                                      \
  do {                                                                         \
    if (::fedge::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

}  // namespace fedge
