#include "fedge/learn/optimizer.h"

#include <cmath>
#include <utility>

#include <ATen/ops/sub.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/ranges.h>

namespace fedge {
namespace {

// torch::optim::SGD without dampening or Nesterov.
class Sgd final : public Optimizer {
 public:
  Sgd(const TrainConfig& config, std::vector<at::Tensor> parameters)
      : Optimizer(std::move(parameters), config.prox_mu),
        learning_rate_(config.learning_rate),
        momentum_(config.momentum),
        weight_decay_(config.weight_decay),
        velocities_(momentum_ != 0 ? size() : 0) {}

 private:
  void Update(std::size_t index, at::Tensor& parameter, at::Tensor gradient) override {
    if (weight_decay_ != 0) gradient = gradient.add(parameter, weight_decay_);
    if (momentum_ == 0) {
      parameter.add_(gradient, -learning_rate_);
      return;
    }
    at::Tensor& velocity = velocities_[index];
    if (velocity.defined()) {
      velocity.mul_(momentum_).add_(gradient);
    } else {
      velocity = gradient.clone();
    }
    parameter.add_(velocity, -learning_rate_);
  }

  double learning_rate_;
  double momentum_;
  double weight_decay_;
  std::vector<at::Tensor> velocities_;
};

// torch::optim::Adam with its default betas and epsilon (Kingma and Ba 2015, Algorithm 1).
class Adam final : public Optimizer {
 public:
  Adam(const TrainConfig& config, std::vector<at::Tensor> parameters)
      : Optimizer(std::move(parameters), config.prox_mu),
        learning_rate_(config.learning_rate),
        weight_decay_(config.weight_decay),
        moments_(size()) {}

 private:
  static constexpr double kBeta1 = 0.9;
  static constexpr double kBeta2 = 0.999;
  static constexpr double kEpsilon = 1e-8;

  struct Moments {
    at::Tensor first;
    at::Tensor second;
    int steps = 0;
  };

  void Update(std::size_t index, at::Tensor& parameter, at::Tensor gradient) override {
    Moments& moments = moments_[index];
    if (moments.steps++ == 0) {
      moments.first = at::zeros_like(parameter);
      moments.second = at::zeros_like(parameter);
    }
    if (weight_decay_ != 0) gradient = gradient.add(parameter, weight_decay_);
    moments.first.mul_(kBeta1).add_(gradient, 1 - kBeta1);
    moments.second.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
    const double correction1 = 1 - std::pow(kBeta1, moments.steps);
    const double correction2 = 1 - std::pow(kBeta2, moments.steps);
    const at::Tensor denominator =
        moments.second.sqrt().div_(std::sqrt(correction2)).add_(kEpsilon);
    parameter.addcdiv_(moments.first, denominator, -learning_rate_ / correction1);
  }

  double learning_rate_;
  double weight_decay_;
  std::vector<Moments> moments_;
};

struct Maker {
  std::string_view name;
  std::unique_ptr<Optimizer> (*make)(const TrainConfig& config, std::vector<at::Tensor> parameters);
};

template <typename T>
std::unique_ptr<Optimizer> Make(const TrainConfig& config, std::vector<at::Tensor> parameters) {
  return std::make_unique<T>(config, std::move(parameters));
}

constexpr Maker kMakers[] = {{"sgd", Make<Sgd>}, {"adam", Make<Adam>}};

Status CheckNotNegative(std::string_view name, double value) {
  if (std::isfinite(value) && value >= 0) return OkStatus();
  return InvalidArgument("{} is {}; it must be a finite number, 0 or more", name, value);
}

}  // namespace

Optimizer::Optimizer(std::vector<at::Tensor> parameters, double prox_mu) : prox_mu_(prox_mu) {
  parameters_ = std::move(parameters);
  if (prox_mu_ == 0) return;
  for (const at::Tensor& parameter : parameters_) anchors_.push_back(parameter.detach().clone());
}

void Optimizer::Step() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor& parameter = parameters_[i];
    at::Tensor gradient = std::exchange(parameter.mutable_grad(), at::Tensor());
    if (!gradient.defined()) continue;
    if (gradient.is_sparse()) gradient = gradient.to_dense();
    if (!anchors_.empty()) gradient = gradient.add(at::sub(parameter, anchors_[i]), prox_mu_);
    Update(i, parameter, std::move(gradient));
  }
}

Result<std::unique_ptr<Optimizer>> MakeOptimizer(const TrainConfig& config,
                                                 std::vector<at::Tensor> parameters) {
  FEDGE_RETURN_IF_ERROR(CheckNotNegative("learning rate", config.learning_rate));
  FEDGE_RETURN_IF_ERROR(CheckNotNegative("momentum", config.momentum));
  FEDGE_RETURN_IF_ERROR(CheckNotNegative("weight decay", config.weight_decay));
  FEDGE_RETURN_IF_ERROR(CheckNotNegative("proximal mu", config.prox_mu));
  for (const Maker& maker : kMakers) {
    if (maker.name == config.optimizer) return maker.make(config, std::move(parameters));
  }
  return InvalidArgument("unknown optimizer '{}'; known: {}", config.optimizer,
                         fmt::join(OptimizerNames(), ", "));
}

std::vector<std::string_view> OptimizerNames() {
  std::vector<std::string_view> names;
  for (const Maker& maker : kMakers) names.push_back(maker.name);
  return names;
}

}  // namespace fedge
