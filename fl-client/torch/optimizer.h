#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "fedge/common/result.h"
#include "fedge/common/training.h"

namespace fedge {

// Updates parameters from their gradients, with the numbers of torch::optim, operation for
// operation. State (momentum, moments) begins at zero when it is made and ends with it. Used with
// gradients off; thread-compatible.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // One step for every parameter that has a gradient; takes the gradients away.
  void Step();

 protected:
  // parameters  leaves of the graph, updated in place
  // prox_mu     adds mu * (w - w at construction) to the gradient: FedProx (Li et al. 2020, eq. 2)
  Optimizer(std::vector<at::Tensor> parameters, double prox_mu);
  std::size_t size() const { return parameters_.size(); }

 private:
  virtual void BeginStep() {}
  // `gradient` is read only: autograd may have given two parameters views of one storage.
  virtual void Update(std::size_t index, at::Tensor& parameter, at::Tensor gradient) = 0;

  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> anchors_;  // the global weights; empty without a proximal term
  double prox_mu_;
};

// kInvalidArgument: unknown optimizer (names the known ones), or a number that it cannot take.
Result<std::unique_ptr<Optimizer>> MakeOptimizer(const TrainConfig& config,
                                                 std::vector<at::Tensor> parameters);

// The names MakeOptimizer knows.
std::vector<std::string_view> OptimizerNames();

}  // namespace fedge
