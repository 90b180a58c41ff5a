// The part of the actor that holds polls and answers them.
#include <utility>

#include "fedge/coordinator_rpc/actor.h"
#include "fedge/coordinator_rpc/poll_answers.h"
#include "fedge/coordinator_rpc/poll_reactor.h"

namespace fedge {

void Actor::Park(Session& session, ParkedPolls::Parked parked) {
  session.parked = true;
  session.disconnected.reset();
  parked.call->Held();
  polls_.Park(session.id, std::move(parked));
  CountClient(session);
  Settle(session.record.client);
}

std::optional<ParkedPolls::Parked> Actor::Unpark(Session& session) {
  session.parked = false;
  auto parked = polls_.Take(session.id);
  CountClient(session);
  return parked;
}

void Actor::RemoveSession(ClientId client) {
  Session* session = sessions_.FindClient(client);
  if (session == nullptr) return;
  if (const auto parked = Unpark(*session))
    parked->call->Reply(Unauthenticated("the session has ended"));
  uploads_.permits().Forget(client, now_);
  session->record.last_seen = session->last_heard;
  Save(SaveClient{session->record});
  if (session->counted) parts_.metrics.AddClients(session->record.role, *session->counted, -1);
  sessions_.Remove(client);
  Apply(ClientLeft{client});
}

void Actor::AnswerDuePolls() {
  for (const std::string& id : polls_.Due(now_)) {
    Session* session = sessions_.Find(id);
    // What the client is owed comes first; SettlePoll answers the rest with "nothing yet".
    session->last_heard = now_;
    Settle(session->record.client);
  }
}

void Actor::SettlePoll(const ClientId& client) {
  Session* session = sessions_.FindClient(client);
  const ParkedPolls::Parked* parked = session == nullptr ? nullptr : polls_.Find(session->id);
  if (parked == nullptr) return;
  std::optional<PollAnswer> answer =
      AnswerPoll(state_, client, parked->busy_task, session->answered_task);
  if (!answer && parked->deadline <= now_)
    answer = PollAnswer{WaitAnswer(Duration::zero()), std::nullopt};
  if (!answer && polls_.size() > options_.max_parked_polls) {
    const auto spread =
        random_.Below(static_cast<std::uint64_t>(options_.wait_when_full.count()) / 2 + 1);
    answer = PollAnswer{WaitAnswer(options_.wait_when_full - Duration(spread)), std::nullopt};
  }
  if (!answer) return;
  Unpark(*session)->call->Answer(std::move(answer->response));
  session->last_heard = now_;
  if (answer->delivered) Apply(*answer->delivered);
}

void Actor::Drain() {
  draining_ = true;
  const v1::PollResponse gone =
      GoneAnswer("the coordinator is shutting down", options_.retry_after);
  for (const std::string& id : polls_.All()) {
    if (const auto parked = Unpark(*sessions_.Find(id))) parked->call->Answer(gone);
  }
  uploads_.permits().Drain();
  const Status ended = Unavailable("the coordinator is shutting down");
  watchers_.FinishAll(ended);
  followers_.FinishAll(ended);
}

}  // namespace fedge
