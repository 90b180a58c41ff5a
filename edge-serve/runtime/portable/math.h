#pragma once

namespace fedge::portable {

// Both bounds inclusive; NaN stays NaN. The upper bound wins where they cross, as in torch.clamp.
template <class T>
T Clamp(T x, T least, T largest) {
  const T raised = x < least ? least : x;
  return raised > largest ? largest : raised;
}

// NaN if either is.
template <class T>
T Largest(T a, T b) {
  return a > b || a != a ? a : b;
}
template <class T>
T Smallest(T a, T b) {
  return a < b || a != a ? a : b;
}

}  // namespace fedge::portable
