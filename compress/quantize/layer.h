#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "fedge/common/status.h"

namespace fedge::quantize {

// A convolution or linear layer in float32 whose weights are changed in place; borrowed.
//
// weights  [num_outputs, num_inputs, num_positions]: num_inputs of a group, num_positions those of
//          the kernel. Of a linear layer after flattening, the positions of a channel's map.
// bias     [num_outputs], or empty
struct Layer {
  std::span<float> weights;
  std::span<float> bias;
  std::size_t num_outputs = 0;
  std::size_t num_inputs = 0;
  std::size_t num_positions = 1;

  float& Weight(std::size_t output, std::size_t input, std::size_t position) const {
    return weights[(output * num_inputs + input) * num_positions + position];
  }
  // Multiplies the weights of an output channel, not its bias.
  void ScaleOutput(std::size_t output, double factor) const;
  void ScaleInput(std::size_t input, double factor) const;
};

// kInvalidArgument  the sizes do not fit the spans
Status CheckSizes(const Layer& layer);

// max|w| of each output channel and of each input channel.
std::vector<double> OutputMagnitudes(const Layer& layer);
std::vector<double> InputMagnitudes(const Layer& layer);

// Per channel, all of the same length.
struct BatchNorm {
  std::span<const float> gamma;
  std::span<const float> beta;
  std::span<const float> mean;
  std::span<const float> variance;
  double epsilon = 1e-5;
};

// Makes the layer compute what layer and batch norm computed in evaluation: w * f and
// (b - mean) * f + beta with f = gamma / sqrt(variance + epsilon), in float64.
//
// kInvalidArgument  the sizes do not fit, the layer has no bias to fold into, or a variance plus
//                   epsilon is not positive; nothing is changed
Status FoldBatchNorm(const BatchNorm& norm, const Layer& layer);

}  // namespace fedge::quantize
