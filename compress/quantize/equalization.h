#pragma once

#include <span>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/common/status.h"
#include "fedge/quantize/layer.h"

namespace fedge::quantize {

// Cross-layer equalisation (Nagel et al. 2019, section 4.1): a factor per channel moves from one
// layer to the next, which changes nothing for the network as long as what lies between is
// positively homogeneous, f(s x) = s f(x) for s > 0: nothing, ReLU, PReLU, average and maximum
// pooling; not ReLU6. It gives channels of both layers the same range, for quantisers with one
// scale per layer, and for activations, which always have one.
//
// The factors by which each output channel of the first layer was divided; 1 where a channel has
// only zeros on either side. Weights are finite; the convolution after the channels has one group,
// the depthwise one as many as channels and one output each.
// kInvalidArgument  the sizes do not fit; nothing is changed

// s = r1 / sqrt(r1 r2), r1 = max|w| of the first layer's output channel, r2 = of the second's input
// channel; afterwards both are sqrt(r1 r2). (Equation 11.)
Result<std::vector<double>> EqualizePair(const Layer& first, const Layer& second);

// Convolution, depthwise convolution (num_inputs 1), convolution: all three ranges become
// (r1 r2 r3)^(1/3).
Result<std::vector<double>> EqualizeTriple(const Layer& first, const Layer& depthwise,
                                           const Layer& last);

// High-bias absorption (Nagel et al. 2019, section 4.1.3): of a channel whose pre-activation, after
// batch norm, has mean beta and deviation |gamma|, c = max(0, beta - 3 |gamma|) is exceeded nearly
// always, so that ReLU(x) - c = ReLU(x - c): c leaves the first layer's bias and enters the
// second's as W2 c. Exact there only where the second layer does not pad.
//
// gamma, beta  [first.num_outputs], after any equalisation
// kInvalidArgument  the sizes do not fit or a layer has no bias; nothing is changed
Status AbsorbHighBias(std::span<const float> gamma, std::span<const float> beta, const Layer& first,
                      const Layer& second);

}  // namespace fedge::quantize
