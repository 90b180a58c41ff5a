#pragma once

#include <string>
#include <vector>

namespace fedge::fedctl {

// The scale of one axis of a chart.
struct Axis {
  double low = 0;
  double high = 1;
  double step = 1;            // between ticks: 1, 2 or 5 times a power of ten
  std::vector<double> ticks;  // within [low, high], ascending

  // Where a value lies: 0 at low, 1 at high.
  double At(double value) const { return (value - low) / (high - low); }
  // A tick's value with as many digits as the step needs.
  std::string Label(double tick) const;
};

// An axis for values from `low` to `high` with about `num_ticks` round ticks, which begins and ends
// at a tick. All values alike get room on both sides. Precondition: finite, low <= high.
Axis NiceAxis(double low, double high, int num_ticks);

// An axis for whole numbers that begins and ends where they do; a single one is put in its middle.
Axis CountAxis(double low, double high, int num_ticks);

}  // namespace fedge::fedctl
