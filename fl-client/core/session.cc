#include "fedge/client/session.h"

#include <algorithm>
#include <utility>

#include "fedge/client/session_stepper.h"

namespace fedge::client {

Step Stepper::Run(Event event) && {
  if (!state_.ended()) {
    std::visit([this](auto&& e) { On(std::forward<decltype(e)>(e)); }, std::move(event));
  }
  if (!state_.ended()) ProceedLink();
  if (std::holds_alternative<Online>(state_.link)) ProceedWork();
  return {std::move(state_), std::move(effects_)};
}

Step Advance(const Policy& policy, State state, Event event, TimePoint now) {
  return Stepper(policy, std::move(state), now).Run(std::move(event));
}

std::optional<TimePoint> NextDeadline(const State& state) {
  if (const auto* offline = std::get_if<Offline>(&state.link)) return offline->join_at;
  if (const auto* leaving = std::get_if<Leaving>(&state.link)) return leaving->until;
  const auto* online = std::get_if<Online>(&state.link);
  if (online == nullptr) return std::nullopt;

  std::optional<TimePoint> earliest;
  const auto consider = [&](bool waits, TimePoint at) {
    if (waits && (!earliest || at < *earliest)) earliest = at;
  };
  consider(online->poll == kNoCall, online->poll_at);
  if (const auto* work = std::get_if<Fetching>(&state.work))
    consider(!work->requested, work->retry_at);
  if (const auto* work = std::get_if<Uploading>(&state.work))
    consider(work->call == kNoCall, work->retry_at);
  if (const auto* work = std::get_if<Reporting>(&state.work))
    consider(work->call == kNoCall, work->retry_at);
  return earliest;
}

const Task* CurrentTask(const Work& work) {
  return std::visit(
      [](const auto& w) -> const Task* {
        if constexpr (requires { w.task; }) {
          return &w.task;
        } else {
          return nullptr;
        }
      },
      work);
}

bool IsRetriable(StatusCode code) {
  switch (code) {
    case StatusCode::kCancelled:
    case StatusCode::kUnknown:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kResourceExhausted:
    case StatusCode::kAborted:
    case StatusCode::kInternal:
    case StatusCode::kUnavailable:
    case StatusCode::kUnimplemented:  // what gRPC makes of a request that damage made unreadable
      return true;
    default:
      return false;
  }
}

}  // namespace fedge::client
