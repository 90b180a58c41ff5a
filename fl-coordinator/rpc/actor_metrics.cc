// The part of the actor that keeps the metrics.
#include "fedge/coordinator_rpc/actor.h"
#include "fedge/coordinator_rpc/status_view.h"

namespace fedge {

void Actor::CountClient(Session& session) {
  const ClientState state = StateOf(*this, session);
  if (session.counted == state) return;
  if (session.counted) parts_.metrics.AddClients(session.record.role, *session.counted, -1);
  parts_.metrics.AddClients(session.record.role, state, 1);
  session.counted = state;
}

void Actor::CountSaved(const StoreWrite& write) {
  if (const auto* event = std::get_if<SaveEvent>(&write)) {
    parts_.metrics.EventSaved(event->event.kind);
  } else if (const auto* round = std::get_if<SaveRound>(&write)) {
    CountRound(round->round);
  }
}

// A round ends once, but is saved again for what comes after its end.
void Actor::CountRound(const RoundRecord& round) {
  using Outcome = CoordinatorMetrics::RoundOutcome;
  if (round.evaluation.measured() && !round.evaluation_pending)
    parts_.metrics.RoundEvaluated(round.evaluation);
  if (round.round <= last_ended_round_ || round.ended == TimePoint{}) return;
  last_ended_round_ = round.round;
  const bool failed = round.phase == PhaseName::kError;
  parts_.metrics.RoundEnded(round, !failed                         ? Outcome::kCompleted
                                   : round.round == aborted_round_ ? Outcome::kAborted
                                                                   : Outcome::kFailed);
}

void Actor::CountLevels() {
  const RoundRecord* round = CurrentRound(state_);
  CoordinatorLevels levels = {.phase = NameOf(state_.phase),
                              .run = state_.last_run,
                              .run_active = state_.run_active(),
                              .round = state_.last_round,
                              .model_bytes = state_.model.size,
                              .sessions = sessions_.size(),
                              .parked_polls = polls_.size(),
                              .uploads = uploads_.permits().taken()};
  if (state_.run) {
    levels.run_rounds = state_.run->plan.num_rounds;
    levels.run_rounds_completed = state_.run->rounds_completed;
  }
  const auto steps = std::tuple(levels.phase, levels.round, round ? round->num_accepted : 0U);
  if (steps != counted_steps_) progress_ = now_;
  counted_steps_ = steps;
  levels.progress = progress_;
  parts_.metrics.Set(levels);
}

}  // namespace fedge
