#include "fedge/client_main/torch_trainer.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "fedge/common/random.h"

namespace fedge {
namespace {

constexpr std::size_t kFewSamples = 32;
// A training step costs about three forward passes; metrics are two. So this share of the examples
// adds a thirtieth.
constexpr std::size_t kSampleShare = 20;

class TorchTrainer final : public Trainer {
 public:
  TorchTrainer(std::unique_ptr<Learner> learner, TrainerOptions options)
      : learner_(std::move(learner)), options_(std::move(options)) {}

  Result<TrainOutput> Train(const TrainJob& job, const std::stop_token& stop) override {
    FEDGE_ASSIGN_OR_RETURN(const ClientData* const client, Find(job.client_index));
    const std::uint64_t client_seed = CombineSeeds(job.config.seed, HashName(job.client_id));
    const std::vector<std::uint32_t> sample = client->holdout.empty()
                                                  ? Sample(*client, job.config.epochs, client_seed)
                                                  : std::vector<std::uint32_t>();
    const LearnTask task{.config = job.config,
                         .seed = CombineSeeds(client_seed, job.round),
                         .examples = client->train,
                         .measured = client->holdout.empty() ? sample : client->holdout};
    FEDGE_ASSIGN_OR_RETURN(Learned learned,
                           learner_->Train({job.model->archive, job.model->manifest}, task, stop));
    return TrainOutput{.payload = std::move(learned.update), .result = learned.result};
  }

  Result<Metrics> Evaluate(const EvaluateJob& job, const std::stop_token& stop) override {
    FEDGE_ASSIGN_OR_RETURN(const ClientData* const client, Find(job.client_index));
    return learner_->Evaluate({job.model->archive, job.model->manifest}, client->holdout, stop);
  }

 private:
  Result<const ClientData*> Find(std::size_t index) const {
    if (index < options_.clients->size()) return &(*options_.clients)[index];
    return InvalidArgument("there is no data for client {}; clients are 0 to {}", index,
                           static_cast<std::ptrdiff_t>(options_.clients->size()) - 1);
  }

  std::vector<std::uint32_t> Sample(const ClientData& client, std::uint64_t epochs,
                                    std::uint64_t seed) const {
    const std::size_t affordable =
        std::max(kFewSamples, client.train.size() * epochs / kSampleShare);
    const std::size_t size = std::min({options_.metrics_samples, affordable, client.train.size()});
    std::vector<std::uint32_t> sample = client.train;
    Random(CombineSeeds(seed, HashName("metrics"))).Shuffle(std::span(sample));
    sample.resize(size);
    return sample;
  }

  std::unique_ptr<Learner> learner_;
  TrainerOptions options_;
};

}  // namespace

Result<std::unique_ptr<Trainer>> MakeTorchTrainer(TrainerOptions options) {
  FEDGE_CHECK(options.clients != nullptr);
  FEDGE_ASSIGN_OR_RETURN(std::unique_ptr<Learner> learner, Learner::Create(options.learner));
  return std::unique_ptr<Trainer>(
      std::make_unique<TorchTrainer>(std::move(learner), std::move(options)));
}

}  // namespace fedge
