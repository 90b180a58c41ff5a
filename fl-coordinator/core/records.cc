#include "fedge/coordinator/records.h"

#include "fedge/coordinator/task_id.h"

namespace fedge {

std::string_view Name(PhaseName phase) {
  switch (phase) {
    case PhaseName::kInitializing:
      return "INITIALIZING";
    case PhaseName::kTraining:
      return "TRAINING";
    case PhaseName::kAggregating:
      return "AGGREGATING";
    case PhaseName::kCompleted:
      return "COMPLETED";
    case PhaseName::kError:
      return "ERROR";
  }
  return "UNKNOWN";
}

std::string_view Name(TaskState state) {
  switch (state) {
    case TaskState::kOffered:
      return "offered";
    case TaskState::kTraining:
      return "training";
    case TaskState::kAccepted:
      return "accepted";
    case TaskState::kRefused:
      return "refused";
    case TaskState::kFailed:
      return "failed";
    case TaskState::kLate:
      return "late";
    case TaskState::kSurplus:
      return "surplus";
    case TaskState::kWithdrawn:
      return "withdrawn";
  }
  return "unknown";
}

std::string TaskRecord::id() const {
  return TaskId{.kind = TaskId::Kind::kTrain, .round = round, .client = client}.ToString();
}

}  // namespace fedge
