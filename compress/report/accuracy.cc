#include "fedge/compress_report/accuracy.h"

#include <algorithm>
#include <cmath>

namespace fedge {

double AccuracyReport::accuracy() const {
  return samples == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(samples);
}

Interval ConfidenceInterval(const AccuracyReport& accuracy) {
  if (accuracy.samples == 0) return {};
  constexpr double kNormal95 = 1.959963984540054;
  const double n = static_cast<double>(accuracy.samples);
  const double p = accuracy.accuracy();
  const double z2 = kNormal95 * kNormal95;
  const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kNormal95 / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {.low = std::max(0.0, middle - half), .high = std::min(1.0, middle + half)};
}

}  // namespace fedge
