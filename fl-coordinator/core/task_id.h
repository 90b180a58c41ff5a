#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fedge/coordinator/records.h"

namespace fedge {

// The name of one task on the wire: "<round>:<client>" to train, "eval:<round>:<client>" to
// evaluate the round's result.
struct TaskId {
  enum class Kind : std::uint8_t { kTrain, kEvaluate };

  Kind kind = Kind::kTrain;
  RoundId round = 0;
  ClientId client;

  std::string ToString() const;
  // nullopt unless `text` is what ToString gives.
  static std::optional<TaskId> Parse(std::string_view text);

  friend bool operator==(const TaskId&, const TaskId&) = default;
};

}  // namespace fedge
