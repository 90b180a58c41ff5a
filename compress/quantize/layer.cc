#include "fedge/quantize/layer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "fedge/common/status.h"

namespace fedge::quantize {
namespace {

void Multiply(std::span<float> values, double factor) {
  for (float& value : values) value = static_cast<float>(value * factor);
}

double Magnitude(std::span<const float> values) {
  double largest = 0;
  for (const float value : values)
    largest = std::max(largest, std::abs(static_cast<double>(value)));
  return largest;
}

std::span<float> Kernel(const Layer& layer, std::size_t output, std::size_t input) {
  return layer.weights.subspan((output * layer.num_inputs + input) * layer.num_positions,
                               layer.num_positions);
}

Status CheckNorm(const BatchNorm& norm, std::size_t num_channels) {
  for (const std::span<const float> values : {norm.gamma, norm.beta, norm.mean, norm.variance}) {
    if (values.size() == num_channels) continue;
    return InvalidArgument("a batch norm of {} channels does not fit a layer of {}", values.size(),
                           num_channels);
  }
  for (std::size_t i = 0; i < num_channels; ++i) {
    if (norm.variance[i] + norm.epsilon > 0) continue;
    return InvalidArgument("the variance of channel {} is {}; with epsilon it must be positive", i,
                           norm.variance[i]);
  }
  return OkStatus();
}

}  // namespace

void Layer::ScaleOutput(std::size_t output, double factor) const {
  for (std::size_t input = 0; input < num_inputs; ++input) {
    Multiply(Kernel(*this, output, input), factor);
  }
}

void Layer::ScaleInput(std::size_t input, double factor) const {
  for (std::size_t output = 0; output < num_outputs; ++output) {
    Multiply(Kernel(*this, output, input), factor);
  }
}

Status CheckSizes(const Layer& layer) {
  if (layer.weights.size() != layer.num_outputs * layer.num_inputs * layer.num_positions) {
    return InvalidArgument("{} weights are not those of {} outputs, {} inputs and {} positions",
                           layer.weights.size(), layer.num_outputs, layer.num_inputs,
                           layer.num_positions);
  }
  if (!layer.bias.empty() && layer.bias.size() != layer.num_outputs) {
    return InvalidArgument("a bias of {} does not fit a layer of {} outputs", layer.bias.size(),
                           layer.num_outputs);
  }
  return OkStatus();
}

std::vector<double> OutputMagnitudes(const Layer& layer) {
  std::vector<double> magnitudes(layer.num_outputs);
  for (std::size_t output = 0; output < layer.num_outputs; ++output) {
    for (std::size_t input = 0; input < layer.num_inputs; ++input) {
      magnitudes[output] = std::max(magnitudes[output], Magnitude(Kernel(layer, output, input)));
    }
  }
  return magnitudes;
}

std::vector<double> InputMagnitudes(const Layer& layer) {
  std::vector<double> magnitudes(layer.num_inputs);
  for (std::size_t output = 0; output < layer.num_outputs; ++output) {
    for (std::size_t input = 0; input < layer.num_inputs; ++input) {
      magnitudes[input] = std::max(magnitudes[input], Magnitude(Kernel(layer, output, input)));
    }
  }
  return magnitudes;
}

Status FoldBatchNorm(const BatchNorm& norm, const Layer& layer) {
  FEDGE_RETURN_IF_ERROR(CheckSizes(layer));
  FEDGE_RETURN_IF_ERROR(CheckNorm(norm, layer.num_outputs));
  if (layer.bias.size() != layer.num_outputs) {
    return InvalidArgument("a batch norm folds into a layer with a bias (create one of zeros)");
  }
  for (std::size_t i = 0; i < layer.num_outputs; ++i) {
    const double factor = norm.gamma[i] / std::sqrt(norm.variance[i] + norm.epsilon);
    layer.ScaleOutput(i, factor);
    const double centred = static_cast<double>(layer.bias[i]) - norm.mean[i];
    layer.bias[i] = static_cast<float>(centred * factor + norm.beta[i]);
  }
  return OkStatus();
}

}  // namespace fedge::quantize
