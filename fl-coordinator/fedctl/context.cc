#include "fedge/fedctl/context.h"

#include <cstddef>
#include <string>

#include <fmt/format.h>

namespace fedge::fedctl {

namespace {

// gRPC tells all of its attempts: "failed to connect to all addresses; last error: UNKNOWN: ipv4:...: Connection refused".
std::string Reason(const std::string& message) {
  if (!message.starts_with("failed to connect to all addresses")) return message;
  const std::size_t last = message.rfind(": ");
  return last == std::string::npos ? message : message.substr(last + 2);
}

}  // namespace

int Context::Fail(const Status& status) const {
  switch (status.code()) {
    case StatusCode::kUnavailable:
      console.Complain(fmt::format("no coordinator at {}: {}", coordinator, Reason(status.message())));
      console.Complain(
          "start one with 'fl-coordinator --model model.pt --state-dir state', name another with "
          "--coordinator HOST:PORT, or use 'fedctl start-round --local', which needs none");
      return cli::kExitUnreachable;
    case StatusCode::kUnimplemented:
      console.Complain(fmt::format("what answers at {} is no coordinator of this version: {}",
                                   coordinator, status.message()));
      return cli::kExitFailed;
    case StatusCode::kDeadlineExceeded:
      console.Complain(status.message());
      return cli::kExitTimedOut;
    case StatusCode::kCancelled:
      console.Complain(status.message());
      return kExitInterrupted;
    default:
      console.Complain(status.message());
      return cli::kExitFailed;
  }
}

int Context::Show(const std::string& text, const std::string& json_document) const {
  const bool written = json ? console.PrintLine(json_document) : console.Print(text);
  return written ? cli::kExitDone : cli::kExitFailed;
}

}  // namespace fedge::fedctl
