#pragma once

#include <sstream>
#include <string>
#include <vector>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>

#include "fedge/archive/archive.h"
#include "fedge/common/hash.h"
#include "fedge/lower/lower.h"
#include "fedge/testing/torch_evaluator.h"

namespace fedge::testing {

// A module in an archive, as it comes from a file.
class TestModule {
 public:
  explicit TestModule(std::string bytes)
      : bytes_(std::move(bytes)),
        archive_(Archive::FromBytes(AsBytes(bytes_), "model.pt").value()),
        module_(LoadForLowering(archive_).value()) {}

  const Archive& archive() const { return archive_; }
  torch::jit::Module& module() { return module_; }

 private:
  std::string bytes_;
  Archive archive_;
  torch::jit::Module module_;
};

// Values that are all different and of both signs; tokens below 11.
inline at::Tensor Example(const LowerInput& input, std::int64_t batch) {
  const Dims shape = At(input.shape, batch);
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  const at::Tensor ramp = at::arange(count).reshape(shape);
  if (input.dtype == DType::kInt64) return (ramp * 7 + 3).remainder(11);
  return at::sin(ramp.to(c10::kFloat) * 1.37 + 0.3);
}

// Lowers, runs the program by LibTorch's operators and compares with the module itself, which must
// be the same within `tolerance` of the output's largest magnitude, at several batches.
inline void ExpectSame(TestModule& model, const std::vector<LowerInput>& inputs,
                       double tolerance = 1e-5) {
  const auto lowered = Lower(model.archive(), model.module(), inputs);
  ASSERT_TRUE(lowered.ok()) << lowered.status().ToString();
  const at::NoGradGuard no_gradients;
  for (const std::int64_t batch : {1, 2, 5}) {
    std::vector<at::Tensor> tensors;
    std::vector<c10::IValue> arguments;
    for (const LowerInput& input : inputs) {
      tensors.push_back(Example(input, batch));
      arguments.emplace_back(tensors.back().clone());
    }
    const std::vector<at::Tensor> expected = FlattenOutputs(model.module().forward(arguments));
    std::vector<at::Tensor> actual;
    ASSERT_NO_THROW(
        actual = EvaluateWithTorch(lowered->program, model.archive(), lowered->constants, tensors));
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      ASSERT_EQ(actual[i].sizes(), expected[i].sizes());
      ASSERT_EQ(actual[i].scalar_type(), expected[i].scalar_type());
      if (actual[i].numel() == 0) continue;
      const at::Tensor wanted = expected[i].to(c10::kDouble);
      const double largest = wanted.abs().max().item().toDouble();
      const double error = (actual[i].to(c10::kDouble) - wanted).abs().max().item().toDouble();
      EXPECT_LE(error, tolerance * std::max(largest, 1e-3))
          << "output " << i << " '" << lowered->program.outputs[i].name << "' at batch " << batch;
    }
  }
}

}  // namespace fedge::testing
