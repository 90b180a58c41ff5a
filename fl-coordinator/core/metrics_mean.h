#pragma once

#include <cstdint>

#include "fedge/common/training.h"

namespace fedge {

// The mean of many measurements, weighted with their examples; losses and accuracies each over
// those that have one. What a client may have made up does no harm: a loss that is no float32
// number, an accuracy outside 0 to 1, a count beyond kMaxWeight are left out. Depends on the order
// of Add in the last bits.
class MetricsMean {
 public:
  void Add(const Metrics& metrics);
  // num_examples: of all that was measured. NaN for what nobody had.
  Metrics Mean() const;

 private:
  std::uint64_t num_examples_ = 0;
  double loss_sum_ = 0;
  double loss_weight_ = 0;
  double accuracy_sum_ = 0;
  double accuracy_weight_ = 0;
};

}  // namespace fedge
