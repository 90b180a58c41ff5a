#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/engine/kernel.h"

namespace fedge::testing {

enum class Lies {
  kRowMajor,
  kChannelsLast,
  kBatchGap,       // channels-last, with room between one index of the first dimension and the next
  kChannelGap,     // channels-last, a part of more channels
  kRowMajorInGap,  // row-major, a part of longer rows
};

// A tensor of random numbers between -1 and 1 that lies in memory as it says.
class Tensor {
 public:
  Tensor(Dims dims, Lies lies, std::uint64_t seed = 1, DType dtype = DType::kFloat32);

  TensorView view(bool with_data = true);
  const Dims& dims() const { return dims_; }
  // In row-major order.
  std::vector<float> Read() const;
  void Write(const std::vector<float>& elements);
  // Indices [first, first + count) of the first dimension, as a tensor that lies alike.
  Tensor Rows(std::int64_t first, std::int64_t count) const;
  Tensor As(DType dtype) const;

 private:
  std::size_t Position(std::size_t element) const;

  DType dtype_;
  Dims dims_, strides_;
  Lies lies_;
  std::vector<std::byte> storage_;
};

struct KernelCase {
  Op op;
  std::vector<std::optional<Tensor>> inputs;
  Dims output;
  Lies output_lies = Lies::kChannelsLast;
  std::vector<PostOp> post_ops = {};
  std::vector<bool> constant = {false, true, true};  // by input; those behind are not
  DType dtype = DType::kFloat32;                     // of the output
};

// oneDNN's provider with one thread, opened once; nullptr where it is not there. Takes linear
// layers of any size.
std::shared_ptr<const KernelProvider> OneDnn();

// nullopt: the provider does not take it. What fails otherwise fails the test.
std::optional<Tensor> RunKernel(const KernelProvider& provider, KernelCase test);

// Largest difference over the largest magnitude.
float Difference(const Tensor& actual, const Tensor& expected);

// oneDNN takes it, and gives what the portable kernel gives, to 1e-5 of the largest magnitude.
void ExpectPortable(const KernelCase& test, float tolerance = 1e-5F);

// Batches cut out of `test`, whose inputs listed in `batched` and whose output have the batch
// first, give the bytes that each of its rows gives alone.
void ExpectRowsAlone(const KernelProvider& provider, const KernelCase& test,
                     const std::vector<std::size_t>& batched);

class OneDnnTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (OneDnn() == nullptr) GTEST_SKIP() << "oneDNN is not installed";
  }
};

}  // namespace fedge::testing
