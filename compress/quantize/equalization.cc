#include "fedge/quantize/equalization.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/common/status.h"
#include "fedge/quantize/layer.h"

namespace fedge::quantize {
namespace {

Status CheckNeighbours(const Layer& first, const Layer& second) {
  FEDGE_RETURN_IF_ERROR(CheckSizes(first));
  FEDGE_RETURN_IF_ERROR(CheckSizes(second));
  if (first.num_outputs == second.num_inputs) return OkStatus();
  return InvalidArgument("a layer of {} outputs is not followed by one of {} inputs",
                         first.num_outputs, second.num_inputs);
}

void Divide(const Layer& layer, std::size_t output, double factor) {
  layer.ScaleOutput(output, 1 / factor);
  if (layer.bias.empty()) return;
  layer.bias[output] = static_cast<float>(layer.bias[output] / factor);
}

}  // namespace

Result<std::vector<double>> EqualizePair(const Layer& first, const Layer& second) {
  FEDGE_RETURN_IF_ERROR(CheckNeighbours(first, second));
  const std::vector<double> r1 = OutputMagnitudes(first);
  const std::vector<double> r2 = InputMagnitudes(second);
  std::vector<double> factors(r1.size(), 1);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    if (r1[i] <= 0 || r2[i] <= 0) continue;
    factors[i] = std::sqrt(r1[i] / r2[i]);
    Divide(first, i, factors[i]);
    second.ScaleInput(i, factors[i]);
  }
  return factors;
}

Result<std::vector<double>> EqualizeTriple(const Layer& first, const Layer& depthwise,
                                           const Layer& last) {
  FEDGE_RETURN_IF_ERROR(CheckNeighbours(first, last));
  FEDGE_RETURN_IF_ERROR(CheckSizes(depthwise));
  if (depthwise.num_inputs != 1 || depthwise.num_outputs != first.num_outputs) {
    return InvalidArgument("a layer of {} outputs with {} inputs each is not depthwise over {}",
                           depthwise.num_outputs, depthwise.num_inputs, first.num_outputs);
  }
  const std::vector<double> r1 = OutputMagnitudes(first);
  const std::vector<double> r2 = OutputMagnitudes(depthwise);
  const std::vector<double> r3 = InputMagnitudes(last);
  std::vector<double> factors(r1.size(), 1);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    if (r1[i] <= 0 || r2[i] <= 0 || r3[i] <= 0) continue;
    const double mean = std::cbrt(r1[i]) * std::cbrt(r2[i]) * std::cbrt(r3[i]);
    factors[i] = r1[i] / mean;
    Divide(first, i, factors[i]);
    // The depthwise layer's output is divided by what the last one takes up.
    const double after = mean / r3[i];
    depthwise.ScaleOutput(i, factors[i]);
    Divide(depthwise, i, after);
    last.ScaleInput(i, after);
  }
  return factors;
}

Status AbsorbHighBias(std::span<const float> gamma, std::span<const float> beta, const Layer& first,
                      const Layer& second) {
  FEDGE_RETURN_IF_ERROR(CheckNeighbours(first, second));
  if (gamma.size() != first.num_outputs || beta.size() != first.num_outputs || first.bias.empty() ||
      second.bias.empty()) {
    return InvalidArgument(
        "a bias is absorbed between layers with biases, given {} deviations and "
        "{} means for {} channels",
        gamma.size(), beta.size(), first.num_outputs);
  }
  constexpr double kDeviations = 3;
  std::vector<double> absorbed(first.num_outputs);
  for (std::size_t i = 0; i < absorbed.size(); ++i) {
    absorbed[i] = std::max(0.0, beta[i] - kDeviations * std::abs(static_cast<double>(gamma[i])));
    first.bias[i] = static_cast<float>(first.bias[i] - absorbed[i]);
  }
  for (std::size_t output = 0; output < second.num_outputs; ++output) {
    double sum = second.bias[output];
    for (std::size_t i = 0; i < absorbed.size(); ++i) {
      for (std::size_t position = 0; position < second.num_positions; ++position) {
        sum += second.Weight(output, i, position) * absorbed[i];
      }
    }
    second.bias[output] = static_cast<float>(sum);
  }
  return OkStatus();
}

}  // namespace fedge::quantize
