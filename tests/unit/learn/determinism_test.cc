// The same inputs give the same bytes, whatever else the process does.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/client_main/torch_trainer.h"
#include "fedge/learn/architectures.h"
#include "learn_test_support.h"

namespace fedge {
namespace {

using testing::LinearModule;
using testing::MustTrain;
using testing::RandomClasses;
using testing::ScriptModule;
using testing::TestModel;

constexpr std::size_t kClients = 8;
const TrainConfig kConfig{.epochs = 2, .batch_size = 5, .learning_rate = 0.1, .momentum = 0.5};

// Draws in forward in three ways: dropout, a new random tensor, and one filled in place.
TestModel NoisyModel() {
  ScriptModule module = LinearModule(12, 4);
  module.source =
      "def forward(self, x: Tensor) -> Tensor:\n"
      "  if self.training:\n"
      "    x = torch.dropout(x, 0.5, True) + torch.rand_like(x) + torch.zeros_like(x).normal_(0., "
      "0.1)\n"
      "  return torch.linear(x, self.weight, self.bias)\n";
  return TestModel(module);
}

std::shared_ptr<const std::vector<ClientData>> Clients() {
  std::vector<ClientData> clients(kClients);
  for (std::uint32_t i = 0; i < 120; ++i) clients[i % kClients].train.push_back(i);
  return std::make_shared<const std::vector<ClientData>>(std::move(clients));
}

TrainerOptions Options() {
  return {.learner = {.dataset = RandomClasses({12}, 4, 120)},
          .clients = Clients(),
          .metrics_samples = 10};
}

std::vector<std::byte> TrainClient(Trainer& trainer, const TestModel& model, std::size_t client,
                                   std::uint64_t round = 3) {
  const TrainJob job{.model = model.shared(),
                     .config = kConfig,
                     .client_id = "client-" + std::to_string(client),
                     .round = round,
                     .client_index = client};
  return trainer.Train(job, {}).value().payload;
}

TEST(DeterminismTest, ManyWorkersGiveTheBytesOfOne) {
  const TestModel model = NoisyModel();
  const TrainerOptions options = Options();
  std::vector<std::vector<std::byte>> alone(kClients);
  const auto trainer = MakeTorchTrainer(options).value();
  for (std::size_t i = 0; i < kClients; ++i) alone[i] = TrainClient(*trainer, model, i);

  std::vector<std::vector<std::byte>> together(kClients);
  {
    std::vector<std::jthread> workers;
    for (std::size_t worker = 0; worker < 4; ++worker) {
      workers.emplace_back([&, worker] {
        const auto own = MakeTorchTrainer(options).value();
        for (std::size_t i = kClients; i-- > 0;) {  // another order
          if (i % 4 == worker) together[i] = TrainClient(*own, model, i);
        }
      });
    }
  }
  EXPECT_EQ(together, alone);
  EXPECT_NE(alone[0], alone[1]);
}

TEST(DeterminismTest, RepeatedTrainingGivesTheSameBytes) {
  // More often than TorchScript's profiling executor waits before it specialises a function.
  const TestModel model(NewModel("mlp:12,16,4", 1).value());
  const auto trainer = MakeTorchTrainer(Options()).value();
  const std::vector<std::byte> first = TrainClient(*trainer, model, 0);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(TrainClient(*trainer, model, 0), first);
}

TEST(DeterminismTest, RoundClientAndSeedChangeTheDraws) {
  const TestModel model = NoisyModel();
  const auto trainer = MakeTorchTrainer(Options()).value();
  const std::vector<std::byte> first = TrainClient(*trainer, model, 0);
  EXPECT_NE(TrainClient(*trainer, model, 0, /*round=*/4), first);
  TrainJob job{.model = model.shared(),
               .config = kConfig,
               .client_id = "client-0",
               .round = 3,
               .client_index = 0};
  EXPECT_EQ(trainer->Train(job, {}).value().payload, first);
  job.config.seed = 2;
  EXPECT_NE(trainer->Train(job, {}).value().payload, first);
  job.config.seed = 1;
  job.client_id = "client-x";
  EXPECT_NE(trainer->Train(job, {}).value().payload, first);
}

TEST(DeterminismTest, EvaluationDrawsAlike) {
  ScriptModule module = LinearModule(12, 4);
  module.source =
      "def forward(self, x: Tensor) -> Tensor:\n"
      "  return torch.linear(x + torch.rand_like(x), self.weight, self.bias)\n";
  const TestModel model(module);
  const auto learner = testing::MakeLearner(RandomClasses({12}, 4, 50));
  const std::vector<std::uint32_t> examples = testing::FirstIndices(50);
  const double loss = learner->Evaluate(model.view(), examples, {}).value().loss;
  EXPECT_EQ(learner->Evaluate(model.view(), examples, {}).value().loss, loss);
}

TEST(TorchTrainerTest, MeasuresOnTheHoldoutOrOnASample) {
  std::vector<ClientData> clients = *Clients();
  clients[1].holdout = {3, 5, 7};
  TrainerOptions options = Options();
  options.clients = std::make_shared<const std::vector<ClientData>>(clients);
  const TestModel model(LinearModule(12, 4));
  const auto trainer = MakeTorchTrainer(options).value();
  TrainJob job{
      .model = model.shared(), .config = kConfig, .client_id = "a", .round = 1, .client_index = 0};
  const TrainResult sampled = trainer->Train(job, {}).value().result;
  EXPECT_EQ(sampled.before.num_examples, 10U);
  EXPECT_EQ(sampled.num_examples, 15U);
  job.round = 2;  // the sample is the same in every round
  EXPECT_EQ(trainer->Train(job, {}).value().result.before.loss, sampled.before.loss);
  EXPECT_FALSE(
      trainer->Evaluate({.model = model.shared(), .client_index = 0}, {}).value().measured());

  job.client_index = 1;
  const TrainResult held_out = trainer->Train(job, {}).value().result;
  EXPECT_EQ(held_out.before.num_examples, 3U);
  const Metrics evaluated =
      trainer->Evaluate({.model = model.shared(), .client_index = 1}, {}).value();
  EXPECT_EQ(evaluated.num_examples, 3U);
  EXPECT_EQ(evaluated.loss, held_out.before.loss);

  options.metrics_samples = 0;
  job.client_index = 0;
  EXPECT_FALSE(MakeTorchTrainer(options).value()->Train(job, {}).value().result.before.measured());
  job.client_index = kClients;
  EXPECT_EQ(trainer->Train(job, {}).status().message(),
            "there is no data for client 8; clients are 0 to 7");
}

}  // namespace
}  // namespace fedge
