#pragma once

#include <span>
#include <vector>

#include "fedge/common/result.h"

namespace fedge::quantize {

// How large a shift may be, as a multiple of the bias, before it is taken for a failure of the
// measurement (NNCF). Fast: each layer alone, on inputs made of channel means. Full: layer after
// layer, each behind the corrected quantised ones.
inline constexpr double kFastBiasThreshold = 2;
inline constexpr double kFullBiasThreshold = 1000;

struct BiasCorrection {
  std::vector<float> bias;    // shifted if `applied`, otherwise as it was
  std::vector<double> shift;  // per channel: mean in float - mean quantised
  double magnitude = 0;       // max |shift / bias|; a shift of a bias of 0 is infinite
  bool applied = false;
};

// Makes the mean of a quantised layer's output what it was in float (Nagel et al. 2019,
// section 4.2, measured instead of derived): bias += E[float pre-activation] - E[quantised
// pre-activation]. All channels or none are shifted: all if the magnitude is below the threshold,
// or the threshold is infinite (of layers that had no bias, every shift is infinite beside it).
//
// float_means, quantized_means, bias  [num_channels], means over samples and positions, of
//                                     ChannelStatistics
// kInvalidArgument  the sizes differ, or a mean is not finite
Result<BiasCorrection> CorrectBias(std::span<const double> float_means,
                                   std::span<const double> quantized_means,
                                   std::span<const float> bias, double threshold);

}  // namespace fedge::quantize
