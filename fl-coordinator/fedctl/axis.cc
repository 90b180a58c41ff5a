#include "fedge/fedctl/axis.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace fedge::fedctl {
namespace {

// The smallest of 1, 2, 5, 10, ... times a power of ten that is at least `least`.
double NiceStep(double least) {
  const double magnitude = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    // What is a step but for rounding is one.
    if (factor * magnitude >= least * (1 - 1e-9)) return factor * magnitude;
  }
  return 10 * magnitude;
}

void AddTicks(Axis& axis) {
  const double first = std::ceil(axis.low / axis.step - 1e-6);
  for (double i = first; i * axis.step <= axis.high + axis.step * 1e-6; ++i)
    axis.ticks.push_back(i == 0 ? 0 : i * axis.step);
}

}  // namespace

std::string Axis::Label(double tick) const {
  if (tick == 0) return "0";
  if (step >= 1e7 || step < 1e-6) return fmt::format("{:g}", tick);
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  return fmt::format("{:.{}f}", tick, decimals);
}

Axis NiceAxis(double low, double high, int num_ticks) {
  if (high - low <= std::abs(high) * 1e-9) {
    const double room = high == 0 ? 1 : std::abs(high) * 0.1;
    low -= room;
    high += room;
  }
  Axis axis;
  axis.step = NiceStep((high - low) / num_ticks);
  axis.low = std::floor(low / axis.step + 1e-6) * axis.step;
  axis.high = std::ceil(high / axis.step - 1e-6) * axis.step;
  AddTicks(axis);
  return axis;
}

Axis CountAxis(double low, double high, int num_ticks) {
  Axis axis;
  axis.step = std::max(1.0, NiceStep(std::max(high - low, 1.0) / num_ticks));
  axis.low = low;
  axis.high = high;
  AddTicks(axis);
  if (low == high) {
    axis.low = low - 1;
    axis.high = high + 1;
  }
  return axis;
}

}  // namespace fedge::fedctl
