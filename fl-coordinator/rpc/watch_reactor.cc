#include "fedge/coordinator_rpc/watch_reactor.h"

#include <algorithm>
#include <utility>

#include "fedge/coordinator_rpc/call_id.h"
#include "fedge/coordinator_rpc/coordinator.h"
#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/rpc/status.h"

namespace fedge {
namespace {

constexpr Duration kShortestInterval{20};
constexpr Duration kLongestInterval{60'000};

void BeginWatch(Actor& actor, WatchReactor& reactor, std::uint64_t id) {
  const v1::WatchRequest& request = reactor.request();
  const State& state = actor.state();
  if (actor.draining()) return reactor.End(Busy());
  if (request.run() > state.last_run) {
    return reactor.End(
        NotFound("run {} does not exist; the newest is run {}", request.run(), state.last_run));
  }
  if (actor.watchers().size() >= actor.options().max_watchers) {
    return reactor.End(ResourceExhausted("{} watchers are connected, which is the most at once",
                                         actor.watchers().size()));
  }
  reactor.Idle();
  const Duration interval(static_cast<Duration::rep>(request.min_interval_ms()));
  actor.watchers().Add(id, &reactor,
                       {.run = request.run() != 0 ? request.run() : state.last_run,
                        .after_round = request.after_round(),
                        .min_interval = std::clamp(interval, kShortestInterval, kLongestInterval)});
}

}  // namespace

WatchReactor::WatchReactor(Coordinator& coordinator, const v1::WatchRequest& request)
    : CountedCall(coordinator.metrics(), MethodOf<v1::WatchRequest>()),
      coordinator_(coordinator),
      request_(request),
      id_(NextCallId()) {
  if (!IsIntact(coordinator_, request_, Sealing::kOptional)) {
    End(DamagedRequest());
    return;
  }
  if (!coordinator_.TryPost([this, id = id_](Actor& actor) { BeginWatch(actor, *this, id); }))
    End(Busy());
}

void WatchReactor::Send(v1::WatchResponse message) {
  StartTiming();
  message_ = std::move(message);
  StartWrite(&message_);
}

void WatchReactor::End(const Status& status) { Finish(ToGrpc(status)); }

void WatchReactor::OnWriteDone(bool ok) {
  StopTiming();
  coordinator_.Post([id = id_, ok](Actor& actor) { actor.watchers().Written(id, ok); });
}

void WatchReactor::OnCancel() {
  coordinator_.Post([id = id_](Actor& actor) { actor.watchers().Cancelled(id); });
}

}  // namespace fedge
