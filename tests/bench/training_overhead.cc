// What training costs beside a bare LibTorch loop over the same model, batches and loss, measured
// in turns in one process: prints the median ratio and both times per step.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/optim/sgd.h>

#include "fedge/client_main/torch_trainer.h"
#include "fedge/common/random.h"
#include "fedge/learn/architectures.h"

namespace fedge {
namespace {

constexpr std::size_t kExamples = 600;  // of one of the hundred clients of McMahan et al. 2017
constexpr std::int64_t kBatch = 10;
constexpr std::size_t kTurns = 15;

// MNIST's shapes, bytes normalised when they are gathered, as the reader of the real files does it.
class Images final : public data::Dataset {
 public:
  Images() {
    info_.name = "images";
    info_.feature_shape = {1, 28, 28};
    info_.num_classes = 10;
    Random random(1);
    for (std::size_t i = 0; i < kExamples * 784; ++i)
      pixels_.push_back(static_cast<std::uint8_t>(random.Below(256)));
    for (std::size_t i = 0; i < kExamples; ++i)
      classes_.push_back(static_cast<std::int64_t>(random.Below(10)));
  }
  const data::DatasetInfo& info() const override { return info_; }
  std::size_t size() const override { return kExamples; }
  void GatherFloats(Indices indices, std::span<float> out) const override {
    float* to = out.data();
    for (const std::uint32_t index : indices) {
      const std::uint8_t* const from = pixels_.data() + std::size_t{index} * 784;
      for (std::size_t j = 0; j < 784; ++j) *to++ = static_cast<float>(from[j]) * (1.0F / 255);
    }
  }
  void GatherTokens(Indices, std::span<std::int64_t>) const override {}
  void GatherClasses(Indices indices, std::span<std::int64_t> out) const override {
    for (std::size_t i = 0; i < indices.size(); ++i) out[i] = classes_[indices[i]];
  }
  void GatherReals(Indices, std::span<float>) const override {}
  std::vector<std::int64_t> Labels() const override { return classes_; }

 private:
  data::DatasetInfo info_;
  std::vector<std::uint8_t> pixels_;
  std::vector<std::int64_t> classes_;
};

class BareLoop {
 public:
  BareLoop(const std::string& model, const Images& images) {
    std::istringstream in(model);
    module_ = torch::jit::load(in);
    module_.train();
    std::vector<at::Tensor> parameters;
    for (const at::Tensor& parameter : module_.parameters()) parameters.push_back(parameter);
    optimizer_ = std::make_unique<torch::optim::SGD>(parameters, torch::optim::SGDOptions(0.01));
    for (std::uint32_t begin = 0; begin < kExamples; begin += kBatch) {
      std::vector<std::uint32_t> indices;
      for (std::uint32_t i = 0; i < kBatch; ++i) indices.push_back(begin + i);
      at::Tensor x = at::empty({kBatch, 1, 28, 28});
      at::Tensor y = at::empty({kBatch}, at::kLong);
      images.GatherFloats(indices, {x.mutable_data_ptr<float>(), kBatch * 784});
      images.GatherClasses(indices, {y.mutable_data_ptr<std::int64_t>(), kBatch});
      batches_.push_back({x, y});
    }
  }

  void RunEpoch() {
    for (const auto& [x, y] : batches_) {
      optimizer_->zero_grad();
      at::cross_entropy_loss(module_.forward({x}).toTensor(), y).backward();
      optimizer_->step();
    }
  }

 private:
  torch::jit::Module module_;
  std::unique_ptr<torch::optim::SGD> optimizer_;
  std::vector<std::pair<at::Tensor, at::Tensor>> batches_;
};

double Seconds(const auto& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Columns {
  std::vector<double> bare, training, whole;
};

void Measure(const char* name, std::uint32_t epochs) {
  const std::string bytes = NewModel(name, 1).value();
  Archive archive = Archive::FromBytes(AsBytes(bytes), name).value();
  Manifest manifest = BuildManifest(archive).value();
  const auto model = std::make_shared<const GlobalModel>(
      GlobalModel{Sha256::Of(AsBytes(bytes)), std::move(archive), std::move(manifest)});
  const auto images = std::make_shared<Images>();
  std::vector<ClientData> clients(1);
  for (std::uint32_t i = 0; i < kExamples; ++i) clients[0].train.push_back(i);
  const auto trainer =
      MakeTorchTrainer(
          {.learner = {.dataset = images},
           .clients = std::make_shared<const std::vector<ClientData>>(std::move(clients))})
          .value();
  const TrainJob job{.model = model,
                     .config = {.epochs = epochs,
                                .batch_size = static_cast<std::uint32_t>(kBatch),
                                .learning_rate = 0.01},
                     .client_id = "one"};
  BareLoop bare(bytes, *images);
  const auto run_bare = [&] {
    for (std::uint32_t i = 0; i < epochs; ++i) bare.RunEpoch();
  };
  run_bare();  // both warm
  static_cast<void>(trainer->Train(job, {}).value());

  Columns seconds;
  std::vector<double> training_ratios, whole_ratios;
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    TrainOutput output;
    double whole = 0;
    double loop = 0;
    const auto run_fedge = [&] {
      whole = Seconds([&] { output = trainer->Train(job, {}).value(); });
    };
    if (turn % 2 == 0) run_fedge();
    loop = Seconds(run_bare);
    if (turn % 2 == 1) run_fedge();
    seconds.bare.push_back(loop);
    seconds.training.push_back(output.result.train_seconds);
    seconds.whole.push_back(whole);
    training_ratios.push_back(output.result.train_seconds / loop);
    whole_ratios.push_back(whole / loop);
  }
  const double steps = static_cast<double>(epochs) * (kExamples / kBatch);
  std::printf(
      "%-4s E=%u B=%ld: bare %8.1f us/step, training %8.1f us/step, ratio %.3f; with fetch and "
      "metrics %.3f\n",
      name, epochs, static_cast<long>(kBatch), Median(seconds.bare) / steps * 1e6,
      Median(seconds.training) / steps * 1e6, Median(training_ratios), Median(whole_ratios));
}

}  // namespace
}  // namespace fedge

int main() {
  at::set_num_threads(1);
  fedge::Measure("2nn", 1);
  fedge::Measure("2nn", 5);
  fedge::Measure("cnn", 1);
}
