#pragma once

#include <cstdint>
#include <vector>

#include "fedge/engine/kernel.h"

namespace fedge::testing {

// A tensor as numbers in row-major order. Double holds what every dtype of the tests does.
struct HostTensor {
  DType dtype = DType::kFloat32;
  Dims dims;
  std::vector<double> values;
};

// Numbers of a fixed sequence: normal ones for floating-point dtypes, -5..5 for integers.
HostTensor RandomTensor(Dims dims, DType dtype = DType::kFloat32, std::uint64_t seed = 1);
// The same numbers rounded to another dtype.
HostTensor Rounded(const HostTensor& tensor, DType dtype);

enum class Strides {
  kRowMajor,
  kChannelsLast,  // row-major for fewer than three dimensions
  kView,          // of a tensor that is larger in every dimension: gaps everywhere
  kReversed,      // the first dimension is innermost
};

// A HostTensor in memory, or memory for one; what lies between its elements is guarded.
class StridedTensor {
 public:
  StridedTensor(const HostTensor& tensor, Strides strides);
  StridedTensor(DType dtype, Dims dims, Strides strides)
      : StridedTensor({dtype, std::move(dims), {}}, strides) {}

  TensorView view(bool with_data = true);
  HostTensor Read() const;
  // Whether nothing was written outside of the elements.
  bool intact() const;

 private:
  DType dtype_;
  Dims dims_, strides_;
  std::int64_t offset_ = 0;
  std::vector<std::byte> storage_;
  std::vector<bool> guarded_;  // by element of the storage
};

}  // namespace fedge::testing
