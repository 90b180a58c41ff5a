#include "fedge/coordinator_rpc/events_reactor.h"

#include <algorithm>
#include <utility>

#include "fedge/coordinator_rpc/admin_convert.h"
#include "fedge/coordinator_rpc/call_id.h"
#include "fedge/coordinator_rpc/coordinator.h"
#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/rpc/status.h"

namespace fedge {
namespace {

constexpr std::uint32_t kPage = 200;

}  // namespace

EventsReactor::EventsReactor(Coordinator& coordinator, const v1::ListEventsRequest& request)
    : CountedCall(coordinator.metrics(), MethodOf<v1::ListEventsRequest>()),
      coordinator_(coordinator),
      request_(request),
      id_(NextCallId()),
      sent_(request.after_sequence()) {
  if (!IsIntact(coordinator_, request_, Sealing::kOptional)) {
    End(DamagedRequest());
    return;
  }
  if (request.last() > 0) {
    const std::uint64_t newest = coordinator_.store().last_event_sequence();
    sent_ = std::max(sent_, newest - std::min<std::uint64_t>(newest, request.last()));
  }
  SendNext();
}

void EventsReactor::Resume() {
  StartTiming();
  SendNext();
}

void EventsReactor::End(const Status& status) { Finish(ToGrpc(status)); }

void EventsReactor::SendNext() {
  if (page_.empty()) {
    const Result<std::vector<EventRecord>> events = coordinator_.store().ListEvents(sent_, kPage);
    if (!events.ok()) return End(events.status());
    page_.assign(events->begin(), events->end());
  }
  if (page_.empty()) return request_.follow() ? WaitForMore() : End(OkStatus());
  message_ = ToProto(page_.front());
  sent_ = page_.front().sequence;
  page_.pop_front();
  StartWrite(&message_);
}

void EventsReactor::WaitForMore() {
  const bool posted = coordinator_.TryPost([this](Actor& actor) {
    if (cancelled_) return End(Cancelled("the follower went away"));
    if (actor.draining()) return End(Busy());
    if (actor.store().last_event_sequence() > sent_) return Resume();
    if (!actor.followers().Add(id_, this))
      return End(ResourceExhausted("too many calls follow the events; try again later"));
    StopTiming();
  });
  if (!posted) End(Busy());
}

void EventsReactor::OnWriteDone(bool ok) {
  if (!ok) return End(Cancelled("the follower went away"));
  SendNext();
}

void EventsReactor::OnCancel() {
  // Seen by WaitForMore's command if that runs later, else the follower is there to be taken out.
  cancelled_ = true;
  coordinator_.Post([id = id_](Actor& actor) { actor.followers().Cancelled(id); });
}

}  // namespace fedge
