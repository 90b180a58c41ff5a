#pragma once

#include <cstdint>

namespace fedge::portable {

// Mean and variance of the numbers of a row.
struct Moments {
  double mean;
  double variance;
};

// What a layer norm does to each number of a row: (x - mean) * scale * weight + bias.
template <class T>
struct Normalisation {
  T mean;
  T scale;
  const T* weight;  // nullptr: ones
  const T* bias;    // nullptr: zeros
};

// What the gates of one step of a recurrent layer are made of: [num_gates][hidden], from x and
// from h, to be added.
template <class T>
struct Gates {
  const T* from_x;
  const T* from_h;
  std::int64_t hidden;
};

// Loops over a row of numbers next to each other. Those of float are compiled for each instruction
// set, and give the same bytes in all of them: sums have an order of their own, and nothing is
// fused. `to` may be `x`, and no other part of its row.
template <class T>
struct RowKernels {
  // to[i] = f(x[i])
  using Map = void (*)(const T* x, T* to, std::int64_t count);
  Map exp, tanh, erf, sigmoid, silu, gelu, gelu_tanh;

  // softmax(x * factor) and log_softmax, count > 0. NaN where the largest is infinite, or any NaN.
  void (*softmax)(const T* x, T factor, std::int64_t count, T* to);
  void (*log_softmax)(const T* x, std::int64_t count, T* to);

  // In two passes, summed in double. count > 0
  Moments (*moments)(const T* x, std::int64_t count);
  void (*normalise)(const T* x, const Normalisation<T>& by, std::int64_t count, T* to);

  // h and, for LSTM, c become those of the next step. Gates are input, forget, cell, output; and
  // reset, update, new.
  void (*lstm)(const Gates<T>& gates, T* h, T* c);
  void (*gru)(const Gates<T>& gates, T* h);
};

// Those of the CPU at hand.
template <class T>
const RowKernels<T>& BestRowKernels();
template <>
const RowKernels<float>& BestRowKernels();
template <>
const RowKernels<double>& BestRowKernels();

// One per instruction set, each in a file compiled for it.
RowKernels<double> RowKernelsOfDouble();
RowKernels<float> BaseRowKernels();  // what every CPU of the architecture has
RowKernels<float> Avx2RowKernels();
RowKernels<float> Avx512RowKernels();

}  // namespace fedge::portable
