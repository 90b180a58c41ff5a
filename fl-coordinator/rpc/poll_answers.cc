#include "fedge/coordinator_rpc/poll_answers.h"

#include "fedge/rpc/convert.h"

namespace fedge {
namespace {

PollAnswer TrainAnswer(const TrainAssignment& assignment, const ClientId& client) {
  PollAnswer answer;
  v1::TrainTask& task = *answer.response.mutable_train();
  task.set_task_id(assignment.task_id);
  task.set_run(assignment.run);
  task.set_round(assignment.round);
  *task.mutable_model() = ToContentRef(assignment.model.digest, assignment.model.size);
  *task.mutable_config() = ToProto(assignment.config);
  task.set_deadline_unix_ms(assignment.deadline.time_since_epoch().count());
  answer.delivered = TaskDelivered{assignment.round, client};
  return answer;
}

PollAnswer EvaluateAnswer(const EvaluateAssignment& assignment) {
  PollAnswer answer;
  v1::EvaluateTask& task = *answer.response.mutable_evaluate();
  task.set_task_id(assignment.task_id);
  task.set_run(assignment.run);
  task.set_round(assignment.round);
  *task.mutable_model() = ToContentRef(assignment.model.digest, assignment.model.size);
  return answer;
}

PollAnswer StopAnswer(std::string_view task_id, std::string reason) {
  PollAnswer answer;
  answer.response.mutable_stop()->set_task_id(std::string(task_id));
  answer.response.mutable_stop()->set_reason(std::move(reason));
  return answer;
}

}  // namespace

std::optional<PollAnswer> AnswerPoll(const State& state, const ClientId& client,
                                     std::string_view busy_task, std::string_view answered_task) {
  if (!busy_task.empty()) {
    if (busy_task == answered_task) return std::nullopt;
    if (auto reason = ReasonToStop(state, busy_task, client))
      return StopAnswer(busy_task, std::move(*reason));
    return std::nullopt;
  }
  const Assignment assignment = AssignmentFor(state, client);
  if (const auto* train = std::get_if<TrainAssignment>(&assignment))
    return TrainAnswer(*train, client);
  if (const auto* evaluate = std::get_if<EvaluateAssignment>(&assignment))
    return EvaluateAnswer(*evaluate);
  return std::nullopt;
}

v1::PollResponse WaitAnswer(Duration retry_after) {
  v1::PollResponse response;
  response.mutable_wait()->set_retry_after_ms(static_cast<std::uint32_t>(retry_after.count()));
  return response;
}

v1::PollResponse GoneAnswer(std::string_view reason, Duration retry_after) {
  v1::PollResponse response;
  response.mutable_gone()->set_reason(std::string(reason));
  response.mutable_gone()->set_retry_after_ms(static_cast<std::uint32_t>(retry_after.count()));
  return response;
}

}  // namespace fedge
