#include "fedge/fedctl/context.h"

#include <fmt/format.h>

namespace fedge::fedctl {

int Context::Fail(const Status& status) const {
  switch (status.code()) {
    case StatusCode::kUnavailable:
      console.Complain(fmt::format("no coordinator at {}: {}", coordinator, status.message()));
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
      // Else nobody reads any more, or whoever gave up says why.
      if (stop.stop_requested()) console.Complain(status.message());
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
