#include "fedge/coordinator/metrics_mean.h"

#include <cmath>
#include <limits>

namespace fedge {
namespace {

double Ratio(double sum, double weight) {
  return weight > 0 ? sum / weight : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

void MetricsMean::Add(const Metrics& metrics) {
  if (!metrics.measured() || metrics.num_examples > kMaxWeight) return;
  num_examples_ += metrics.num_examples;
  const auto weight = static_cast<double>(metrics.num_examples);
  // Also false for NaN.
  if (std::abs(metrics.loss) <= std::numeric_limits<float>::max()) {
    loss_sum_ += weight * metrics.loss;
    loss_weight_ += weight;
  }
  if (metrics.accuracy >= 0 && metrics.accuracy <= 1) {
    accuracy_sum_ += weight * metrics.accuracy;
    accuracy_weight_ += weight;
  }
}

Metrics MetricsMean::Mean() const {
  if (num_examples_ == 0) return {};
  return {.num_examples = num_examples_,
          .loss = Ratio(loss_sum_, loss_weight_),
          .accuracy = Ratio(accuracy_sum_, accuracy_weight_)};
}

}  // namespace fedge
