#include "fedge/quantize/bias_correction.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/common/status.h"

namespace fedge::quantize {
namespace {

double ShiftMagnitude(double shift, double bias) {
  if (shift == 0) return 0;
  return bias == 0 ? std::numeric_limits<double>::infinity() : std::abs(shift / bias);
}

}  // namespace

Result<BiasCorrection> CorrectBias(std::span<const double> float_means,
                                   std::span<const double> quantized_means,
                                   std::span<const float> bias, double threshold) {
  if (float_means.size() != bias.size() || quantized_means.size() != bias.size()) {
    return InvalidArgument("means of {} and {} channels do not fit a bias of {}",
                           float_means.size(), quantized_means.size(), bias.size());
  }
  BiasCorrection correction = {.bias = {bias.begin(), bias.end()}, .shift = {}};
  for (std::size_t i = 0; i < bias.size(); ++i) {
    const double shift = float_means[i] - quantized_means[i];
    if (!std::isfinite(shift)) {
      return InvalidArgument("channel {} has means {} and {}", i, float_means[i],
                             quantized_means[i]);
    }
    correction.shift.push_back(shift);
    correction.magnitude = std::max(correction.magnitude, ShiftMagnitude(shift, bias[i]));
  }
  correction.applied = correction.magnitude < threshold || std::isinf(threshold);
  if (!correction.applied) return correction;
  for (std::size_t i = 0; i < bias.size(); ++i) {
    correction.bias[i] = static_cast<float>(bias[i] + correction.shift[i]);
  }
  return correction;
}

}  // namespace fedge::quantize
