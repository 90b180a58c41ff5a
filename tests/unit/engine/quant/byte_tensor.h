#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "fedge/engine/kernel.h"

namespace fedge::testing {

// A tensor whose elements are known in row-major order, wherever they lie.
struct ByteTensor {
  DType dtype = DType::kUInt8;
  Dims dims;
  std::vector<float> elements;  // bytes as well: all of them are exact
  bool channels_last = false;

  std::int64_t size() const { return static_cast<std::int64_t>(elements.size()); }
  // Indices [first, first + count) of the first dimension.
  ByteTensor Rows(std::int64_t first, std::int64_t count) const;
};

ByteTensor MakeTensor(DType dtype, Dims dims, std::vector<float> elements);
// Whole numbers from `least` to `largest`.
ByteTensor RandomBytes(DType dtype, Dims dims, int least, int largest, std::uint64_t seed);
ByteTensor RandomFloats(Dims dims, float least, float largest, std::uint64_t seed);
ByteTensor Same(DType dtype, Dims dims, float element);

struct ByteCase {
  Op op;
  std::vector<std::optional<ByteTensor>> inputs;
  Dims output;
  DType dtype = DType::kUInt8;
  bool constants = true;  // whether weights and what lies behind them are
};

const KernelProvider& Portable();
// nullptr: it is not there.
const KernelProvider* OneDnn();

// The output in row-major order; nullopt: the provider does not take it. Tensors of three or more
// dimensions lie as their `channels_last` says, the output as the first input does.
std::optional<std::vector<float>> Run(const KernelProvider& provider, const ByteCase& test);

// The portable kernel gives these numbers, bit for bit, and so does oneDNN's if it has one. Whether
// it has.
bool ExpectExactly(const ByteCase& test, const std::vector<float>& expected);

// Each row (index of the first dimension) gives alone what it gives in any batch.
void ExpectRowsAlone(const ByteCase& test);

}  // namespace fedge::testing
