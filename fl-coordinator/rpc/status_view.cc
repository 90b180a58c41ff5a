#include "fedge/coordinator_rpc/status_view.h"

#include "fedge/coordinator/run_queries.h"
#include "fedge/coordinator_rpc/actor.h"
#include "fedge/coordinator_rpc/admin_convert.h"
#include "fedge/rpc/convert.h"
#include "fedge/version.h"

namespace fedge {

v1::CoordinatorStatus BuildStatus(const Actor& actor) {
  const State& state = actor.state();
  v1::CoordinatorStatus status;
  status.set_coordinator_id(actor.coordinator_id());
  status.set_version(std::string(kVersion));
  status.set_phase(ToProto(NameOf(state.phase)));
  if (state.run) *status.mutable_run() = ToProto(*state.run);
  if (const RoundRecord* round = CurrentRound(state)) {
    *status.mutable_round() = ToProto(*round);
    status.mutable_round()->mutable_tasks()->set_training(ClientsTraining(state));
  }
  status.set_num_trainers(
      static_cast<std::uint32_t>(actor.sessions().num_with_role(Role::kTrainer)));
  status.set_num_evaluators(
      static_cast<std::uint32_t>(actor.sessions().num_with_role(Role::kEvaluator)));
  *status.mutable_model() = ToContentRef(state.model.digest, state.model.size);
  status.set_model_name(actor.model_facts().name);
  status.set_model_round(state.model.round);
  status.set_num_parameters(actor.model_facts().num_parameters);
  status.set_clients_waited_for(ClientsWaitedFor(state));
  if (const auto deadline = PhaseDeadline(state))
    status.set_deadline_unix_ms(deadline->time_since_epoch().count());
  status.set_started_unix_ms(actor.started().time_since_epoch().count());
  status.set_evaluation_pending(!state.evaluations.empty());
  if (const auto* failed = std::get_if<Failed>(&state.phase)) status.set_error(failed->reason);
  return status;
}

ClientState StateOf(const Actor& actor, const Session& session) {
  if (session.disconnected) return ClientState::kDisconnected;
  const ParkedPolls::Parked* parked = actor.polls().Find(session.id);
  const bool busy =
      parked != nullptr && !parked->busy_task.empty() && parked->busy_task != session.answered_task;
  if (!busy) return ClientState::kIdle;
  return session.record.role == Role::kEvaluator ? ClientState::kEvaluating
                                                 : ClientState::kTraining;
}

std::string DescribeState(const Actor& actor, const ClientId& client) {
  const Session* session = actor.sessions().FindClient(client);
  return std::string(
      Name(session == nullptr ? ClientState::kDisconnected : StateOf(actor, *session)));
}

}  // namespace fedge
