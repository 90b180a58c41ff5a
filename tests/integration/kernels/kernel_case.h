#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aten.h"
#include "host_tensor.h"

namespace fedge::testing {

// An input of the case as an argument of LibTorch's operator, in other sizes where given.
struct Input {
  std::size_t index;
  std::optional<Dims> dims = {};
};
struct Inputs {  // as a list
  std::vector<Input> inputs;
};
using CaseArgument = std::variant<AtenArgument, Input, Inputs>;

// One operator on one set of inputs, and LibTorch's to compare with.
struct KernelCase {
  Op op;
  std::vector<std::optional<HostTensor>> inputs;
  std::string aten;
  std::vector<CaseArgument> arguments;

  std::vector<std::size_t> constants = {};  // inputs that are known when the kernel is made
  // Inputs and outputs whose first dimension is the batch: a row alone must give the same bytes.
  std::vector<std::size_t> batched = {};
  std::vector<Dims> output_dims = {};  // where they, or how many there are, differ from LibTorch's
  std::vector<PostOp> post_ops = {};
  double tolerance = 1e-5;  // of the largest magnitude, in float32
  std::vector<DType> dtypes = {DType::kFloat32, DType::kFloat16, DType::kBFloat16,
                               DType::kFloat64};  // of the floating-point inputs
};

// Runs the case in each dtype, for many strides of inputs and outputs, with constants and without,
// and a row at a time, and compares. What differs fails the test.
void Check(const KernelCase& test);

// The outputs of one run, or the error. Outputs have these types.
Result<std::vector<HostTensor>> RunKernel(const KernelCase& test,
                                          const std::vector<HostTensor>& output_types,
                                          Strides input_strides, Strides output_strides,
                                          bool with_constants);

}  // namespace fedge::testing
