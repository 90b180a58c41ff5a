#include "fedge/data/partition/distributions.h"

#include <algorithm>
#include <cmath>

namespace fedge::data {
namespace {

// ln 2 in two parts: the first has enough zero bits at its end that its product with an exponent is
// exact.
constexpr double kLn2High = 0x1.62e42feep-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kInverseLn2 = 0x1.71547652b82fep+0;

}  // namespace

double PortableLog(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // exact
  if (mantissa < 0x1.6a09e667f3bcdp-1) {       // below sqrt(1/2)
    mantissa *= 2;
    --exponent;
  }
  // ln m = 2 artanh(s) with s = (m - 1) / (m + 1), |s| <= 0.1716.
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double series = 0;
  for (int k = 21; k >= 3; k -= 2) series = (series + 1.0 / k) * square;
  return exponent * kLn2High + (2 * s + (2 * s * series + exponent * kLn2Low));
}

double PortableExp(double x) {
  if (x < -700) return 0;
  const double multiple = std::floor(x * kInverseLn2 + 0.5);
  const double rest = (x - multiple * kLn2High) - multiple * kLn2Low;  // |rest| <= 0.35
  double series = 1;
  for (int k = 14; k >= 1; --k) series = 1 + series * rest / k;
  return std::ldexp(series, static_cast<int>(multiple));  // exact
}

double DrawNormal(Random& random) {
  while (true) {
    const double u = 2 * random.Uniform() - 1;
    const double v = 2 * random.Uniform() - 1;
    const double square = u * u + v * v;
    if (square > 0 && square < 1) return u * std::sqrt(-2 * PortableLog(square) / square);
  }
}

double DrawLogGamma(Random& random, double shape) {
  if (shape < 1) {
    const double log_uniform = PortableLog(1 - random.Uniform());  // of (0, 1]
    return DrawLogGamma(random, shape + 1) + log_uniform / shape;
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double normal = DrawNormal(random);
    const double root = 1 + c * normal;
    if (root <= 0) continue;
    const double cube = root * root * root;
    const double log_uniform = PortableLog(1 - random.Uniform());
    if (log_uniform < 0.5 * normal * normal + d * (1 - cube + PortableLog(cube))) {
      return PortableLog(d) + PortableLog(cube);
    }
  }
}

std::vector<double> DrawDirichlet(Random& random, double alpha, std::size_t count) {
  std::vector<double> weights(count);
  for (double& weight : weights) weight = DrawLogGamma(random, alpha);
  const double largest = *std::max_element(weights.begin(), weights.end());
  double sum = 0;
  for (double& weight : weights) {
    weight = PortableExp(weight - largest);
    sum += weight;
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

}  // namespace fedge::data
