#pragma once

#include <cstddef>
#include <vector>

#include "fedge/common/random.h"

namespace fedge::data {

// Draws and functions made of IEEE 754's exactly rounded operations only, so that a partition is
// the same on every platform: libm's log, exp and pow are not.

// Natural logarithm of a positive normal number, within 2 ulp.
double PortableLog(double x);
// e^x for x <= 700, within 2 ulp; 0 below -700.
double PortableExp(double x);

// Standard normal (Marsaglia's polar method).
double DrawNormal(Random& random);
// The logarithm of a gamma variate of this shape > 0 and scale 1 (Marsaglia and Tsang 2000; below
// shape 1 with the boost of their section 6). In logarithms, because for small shapes the variates
// themselves underflow.
double DrawLogGamma(Random& random, double shape);
// A point of the symmetric Dirichlet distribution: `count` weights that sum to 1.
std::vector<double> DrawDirichlet(Random& random, double alpha, std::size_t count);

}  // namespace fedge::data
