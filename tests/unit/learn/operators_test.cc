// The parts that work on LibTorch's tensors, against LibTorch's own implementations or arithmetic
// by hand.
#include <cmath>
#include <stdexcept>
#include <thread>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/optim/adam.h>
#include <torch/optim/sgd.h>

#include "fedge/learn/catch_torch.h"
#include "fedge/learn/losses.h"
#include "fedge/learn/optimizer.h"
#include "fedge/learn/thread_random.h"

namespace fedge {
namespace {

using ::testing::HasSubstr;

std::vector<at::Tensor> Parameters() {
  return {at::linspace(-1, 1, 257).requires_grad_(true),
          at::linspace(0.5, 2, 36).reshape({6, 6}).requires_grad_(true)};
}

// The same made-up gradients for each run: step s, parameter i.
void SetGradients(std::vector<at::Tensor>& parameters, int step) {
  for (at::Tensor& parameter : parameters)
    parameter.mutable_grad() = parameter.detach().mul(3).sin().add(0.1 * step);
}

void ExpectSameAs(torch::optim::Optimizer& reference, std::vector<at::Tensor>& theirs,
                  const TrainConfig& config) {
  std::vector<at::Tensor> ours = Parameters();
  const auto optimizer = MakeOptimizer(config, ours).value();
  for (int step = 0; step < 7; ++step) {
    SetGradients(theirs, step);
    reference.step();
    SetGradients(ours, step);
    const at::NoGradGuard no_grad;
    optimizer->Step();
    for (std::size_t i = 0; i < ours.size(); ++i) {
      EXPECT_TRUE(at::equal(ours[i], theirs[i])) << "step " << step;
      EXPECT_FALSE(ours[i].grad().defined());
    }
  }
}

TEST(OptimizerTest, SgdHasTheNumbersOfTorchOptim) {
  for (const double momentum : {0.0, 0.9}) {
    for (const double weight_decay : {0.0, 0.01}) {
      std::vector<at::Tensor> theirs = Parameters();
      torch::optim::SGD reference(
          theirs, torch::optim::SGDOptions(0.3).momentum(momentum).weight_decay(weight_decay));
      ExpectSameAs(reference, theirs,
                   {.optimizer = "sgd",
                    .learning_rate = 0.3,
                    .momentum = momentum,
                    .weight_decay = weight_decay});
    }
  }
}

TEST(OptimizerTest, AdamHasTheNumbersOfTorchOptim) {
  for (const double weight_decay : {0.0, 0.01}) {
    std::vector<at::Tensor> theirs = Parameters();
    torch::optim::Adam reference(theirs,
                                 torch::optim::AdamOptions(0.02).weight_decay(weight_decay));
    ExpectSameAs(reference, theirs,
                 {.optimizer = "adam", .learning_rate = 0.02, .weight_decay = weight_decay});
  }
}

TEST(OptimizerTest, GradientsThatShareAStorageAreNotMixedUp) {
  std::vector<at::Tensor> parameters = {at::ones({4}).requires_grad_(true),
                                        at::ones({4}).requires_grad_(true)};
  const at::Tensor shared = at::full({4}, 2.0);
  for (at::Tensor& parameter : parameters) parameter.mutable_grad() = shared.view({4});
  const auto optimizer =
      MakeOptimizer({.learning_rate = 1, .momentum = 0.5, .weight_decay = 1, .prox_mu = 1},
                    parameters)
          .value();
  const at::NoGradGuard no_grad;
  optimizer->Step();
  for (const at::Tensor& parameter : parameters)
    EXPECT_TRUE(at::equal(parameter, at::full({4}, -2.0)));
}

TEST(OptimizerTest, TakesSparseGradientsAndParametersWithoutOne) {
  std::vector<at::Tensor> parameters = {at::ones({3, 2}).requires_grad_(true),
                                        at::ones({2}).requires_grad_(true)};
  parameters[0].mutable_grad() = at::eye(3).narrow(1, 0, 2).to_sparse();
  const auto optimizer =
      MakeOptimizer({.learning_rate = 1, .weight_decay = 0.5}, parameters).value();
  const at::NoGradGuard no_grad;
  optimizer->Step();
  EXPECT_TRUE(at::equal(parameters[0], at::full({3, 2}, 0.5) - at::eye(3).narrow(1, 0, 2)));
  EXPECT_TRUE(at::equal(parameters[1], at::ones({2})));
}

double MeanLoss(std::string_view name, const at::Tensor& output, const at::Tensor& target) {
  return FindLoss(name).value()->mean(output, target).item<double>();
}

TEST(LossesTest, ClassesByHand) {
  const at::Tensor logits =
      at::tensor({1.0, 2.0, 0.5, -1.0, 0.0, 3.0}, at::kDouble).reshape({2, 3});
  const at::Tensor classes = at::tensor({1, 0}, at::kLong);
  const double first = std::log(std::exp(1.0) + std::exp(2.0) + std::exp(0.5)) - 2.0;
  const double second = std::log(std::exp(-1.0) + 1 + std::exp(3.0)) + 1.0;
  EXPECT_NEAR(MeanLoss("cross-entropy", logits, classes), (first + second) / 2, 1e-12);
  EXPECT_NEAR(MeanLoss("nll", logits.log_softmax(1), classes), (first + second) / 2, 1e-12);
  EXPECT_NEAR(MeanLoss("cross-entropy", logits.reshape({1, 2, 3}), classes.reshape({1, 2})),
              (first + second) / 2, 1e-12);
  const Loss::Hits hits = CountClassHits(logits.reshape({1, 2, 3}), classes.reshape({1, 2}));
  EXPECT_EQ(hits.correct, 1);
  EXPECT_EQ(hits.total, 2);
}

TEST(LossesTest, NumbersByHandWithoutBroadcasting) {
  const at::Tensor output = at::tensor({1.0, 4.0}, at::kDouble).reshape({2, 1});
  const at::Tensor target = at::tensor({0.0F, 1.0F});
  EXPECT_DOUBLE_EQ(MeanLoss("mse", output, target), 5.0);
  EXPECT_DOUBLE_EQ(MeanLoss("l1", output, target), 2.0);
  const double bce = (std::log1p(std::exp(1.0)) + std::log1p(std::exp(-4.0))) / 2;
  EXPECT_NEAR(MeanLoss("bce", output, at::tensor({0, 1}, at::kLong)), bce, 1e-12);
  EXPECT_EQ(FindLoss("bce").value()->hits(output, at::tensor({0, 1}, at::kLong)).correct, 1);
  EXPECT_EQ(FindLoss("mse").value()->hits(output, target).total, 0);
}

TEST(LossesTest, ShapesThatDoNotFitThrowWithBothShapes) {
  const Status status = CatchTorch("here", []() -> Status {
    static_cast<void>(MeanLoss("mse", at::zeros({4, 2}), at::zeros({4})));
    return OkStatus();
  });
  EXPECT_EQ(status.message(),
            "here: the model's output is [4, 2] but the targets are [4]; this loss needs one "
            "target per output");
  EXPECT_THROW(MeanLoss("cross-entropy", at::zeros({4}), at::zeros({4}, at::kLong)),
               std::invalid_argument);
}

TEST(CatchTorchTest, KeepsTheSentenceAndDropsTheTrace) {
  const Status status = CatchTorch("adding", []() -> Status {
    static_cast<void>(at::add(at::zeros({2}), at::zeros({3})));
    return OkStatus();
  });
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(),
              HasSubstr("adding: The size of tensor a (2) must match the size of tensor b (3)"));
  EXPECT_EQ(status.message().find('\n'), std::string::npos);
}

TEST(CatchTorchTest, OutOfMemoryIsNotTheModelsFault) {
  const Status status = CatchTorch("allocating", []() -> Status {
    static_cast<void>(at::empty({std::int64_t{1} << 60}, at::kByte));
    return OkStatus();
  });
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
}

// One draw of each operator that has a way of its own to random numbers.
at::Tensor DrawAll() {
  std::vector<at::Tensor> draws = {at::rand({4}),
                                   at::randn({4}),
                                   at::randint(100, {4}, at::kFloat),
                                   at::randperm(4).to(at::kFloat),
                                   at::dropout(at::ones({4}), 0.5, true),
                                   at::bernoulli(at::full({4}, 0.5)),
                                   at::multinomial(at::ones({10}), 4).to(at::kFloat),
                                   at::poisson(at::full({4}, 3.0)),
                                   at::empty({4}).exponential_(),
                                   at::normal(0, 1, {4}),
                                   at::rand_like(at::ones({4})),
                                   std::get<0>(at::native_dropout(at::ones({4}), 0.5, true))};
  return at::stack(draws);
}

TEST(ThreadRandomTest, DrawsComeFromTheSeedOfTheScope) {
  const auto draw = [](std::uint64_t seed) {
    const ThreadRandomScope scope(seed);
    return DrawAll();
  };
  const at::Tensor first = draw(7);
  at::Tensor elsewhere;
  std::jthread([&] { elsewhere = draw(7); }).join();
  EXPECT_TRUE(at::equal(elsewhere, first));
  EXPECT_TRUE(at::equal(draw(7), first));
  const at::Tensor other = draw(8);
  EXPECT_FALSE(at::equal(other, first));
}

TEST(ThreadRandomTest, LeavesTheDefaultGeneratorAlone) {
  at::manual_seed(3);
  const at::Tensor before = at::rand({4});
  at::manual_seed(3);
  {
    const ThreadRandomScope scope(7);
    static_cast<void>(DrawAll());
  }
  EXPECT_TRUE(at::equal(at::rand({4}), before));
}

TEST(ThreadRandomTest, ScopesNestAndGeneratorsOfTheCallerAreKept) {
  const ThreadRandomScope outer(1);
  const at::Tensor first = at::rand({4});
  {
    const ThreadRandomScope inner(1);
    EXPECT_TRUE(at::equal(at::rand({4}), first));
  }
  EXPECT_FALSE(at::equal(at::rand({4}), first));
  const ThreadRandomScope inner(2);
  at::Generator own = at::detail::createCPUGenerator(9);
  const at::Tensor named = at::empty({4}).uniform_(0, 1, own);
  own.set_current_seed(9);
  EXPECT_TRUE(at::equal(at::empty({4}).uniform_(0, 1, own), named));
}

}  // namespace
}  // namespace fedge
