#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/common/result.h"
#include "fedge/program/dim.h"
#include "fedge/tensor/dtype.h"

namespace fedge {

inline constexpr std::string_view kSamplesRecord = "fedge/samples.pb";
inline constexpr std::size_t kMaxSamplesBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxSamples = 64;

// A tensor with its elements, row-major, little-endian.
struct SampleTensor {
  std::string name;
  DType dtype = DType::kFloat32;
  Dims shape;
  std::string data;
  friend bool operator==(const SampleTensor&, const SampleTensor&) = default;
};

// What a model answered where it was made; an engine that is about to serve the model gives the
// same answer, or does not serve it.
struct Sample {
  std::vector<SampleTensor> inputs;  // in the program's order
  std::vector<SampleTensor> outputs;
  double tolerance = 1e-4;  // of the output's largest magnitude
  friend bool operator==(const Sample&, const Sample&) = default;
};

// The largest difference of an answer from what is expected, by the largest finite magnitude that
// is expected (or absolute, where all of that is 0). Infinite where one is infinite or NaN and the
// other is not the same, and where types or shapes differ.
double LargestDifference(const SampleTensor& expected, const SampleTensor& answer);

std::string SamplesToBytes(const std::vector<Sample>& samples);
// kInvalidArgument names the tensor that is malformed: data that is not the size of dtype and
// shape; kUnimplemented: another schema version; kResourceExhausted: more than readers take.
Result<std::vector<Sample>> SamplesFromBytes(std::string_view bytes);
// Of the archive; empty if it has none. kFailedPrecondition: computed from other tensors.
Result<std::vector<Sample>> ReadSamples(const Archive& archive);

}  // namespace fedge
