#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fedge/common/result.h"
#include "fedge/common/training.h"

namespace fedge {

// When a run has reached what it was started for: "accuracy>=0.97".
struct Goal {
  enum class Quantity : std::uint8_t { kAccuracy, kLoss };
  enum class Comparison : std::uint8_t { kAtLeast, kAtMost, kAbove, kBelow };

  Quantity quantity = Quantity::kAccuracy;
  Comparison comparison = Comparison::kAtLeast;
  double value = 0;

  // False for a quantity that was not measured or is not a number.
  bool ReachedBy(const Metrics& metrics) const;
  // As Parse reads it, without spaces.
  std::string ToString() const;
};

// (accuracy|loss) (>=|<=|>|<) number, with or without spaces between. kInvalidArgument quotes the
// text and says what is allowed; an accuracy outside 0 to 1 is refused.
Result<Goal> ParseGoal(std::string_view text);

}  // namespace fedge
