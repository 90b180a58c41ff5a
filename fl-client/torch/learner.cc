#include "fedge/learn/learner.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/ranges.h>
#include <malloc.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include "fedge/archive/schema.h"
#include "fedge/common/number_text.h"
#include "fedge/common/random.h"
#include "fedge/learn/batch_reader.h"
#include "fedge/learn/catch_torch.h"
#include "fedge/learn/device.h"
#include "fedge/learn/losses.h"
#include "fedge/learn/objective.h"
#include "fedge/learn/optimizer.h"
#include "fedge/learn/replica.h"
#include "fedge/learn/thread_random.h"

namespace fedge {
namespace {

using Indices = std::span<const std::uint32_t>;

// Gradients and activations are freed and allocated again in each step. glibc would give large ones
// back to the kernel every time, and clearing fresh pages costs a tenth of a small model's step.
void KeepFreedMemory() {
  constexpr int kLargest = 1 << 30;
  constexpr int kAlwaysAllowed = 32 << 20;
  if (::mallopt(M_MMAP_THRESHOLD, kLargest) == 0) ::mallopt(M_MMAP_THRESHOLD, kAlwaysAllowed);
  ::mallopt(M_TRIM_THRESHOLD, kLargest);
}

// What a call needs of the calling thread, and undoes.
class ThreadSettings {
 public:
  ThreadSettings(int threads, c10::Device device, std::uint64_t seed)
      : executor_(false), random_(seed) {
    if (at::get_num_threads() != threads) at::set_num_threads(threads);
    if (device.is_cuda()) SeedDevice(device, seed);
  }

 private:
  // Workers that share a GPU share its generator: there, dropout is seeded but depends on who else
  // runs.
  static void SeedDevice(c10::Device device, std::uint64_t seed) {
    at::Generator generator = at::globalContext().defaultGenerator(device);
    const std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_current_seed(seed);
  }

  torch::jit::GraphOptimizerEnabledGuard executor_;
  ThreadRandomScope random_;
};

std::string DescribeData(const data::DatasetInfo& info) {
  return fmt::format("the model with data '{}' of examples [{}]", info.name,
                     fmt::join(info.feature_shape, ", "));
}

// A model that is ready to work on the data.
struct Session {
  BatchReader reader;
  Objective objective;
};

Result<Metrics> Measure(Session& session, Indices examples, std::size_t batch_size,
                        const std::stop_token& stop) {
  const at::NoGradGuard no_grad;
  double loss_sum = 0;
  Loss::Hits hits;
  for (std::size_t begin = 0; begin < examples.size(); begin += batch_size) {
    if (stop.stop_requested()) return Cancelled("evaluation was stopped");
    const Indices part = examples.subspan(begin, std::min(batch_size, examples.size() - begin));
    const Objective::Measurement measured = session.objective.Measure(session.reader.Read(part));
    loss_sum += measured.mean_loss * static_cast<double>(part.size());
    hits.correct += measured.hits.correct;
    hits.total += measured.hits.total;
  }
  Metrics metrics;
  if (examples.empty()) return metrics;
  metrics.num_examples = examples.size();
  metrics.loss = loss_sum / static_cast<double>(examples.size());
  if (hits.total > 0)
    metrics.accuracy = static_cast<double>(hits.correct) / static_cast<double>(hits.total);
  return metrics;
}

// One pass over the examples in a new order. `epoch` counts from 0.
Status RunEpoch(Session& session, Optimizer& optimizer, const LearnTask& task, std::uint32_t epoch,
                const std::stop_token& stop) {
  std::vector<std::uint32_t> order(task.examples.begin(), task.examples.end());
  Random(CombineSeeds(task.seed, epoch)).Shuffle(std::span(order));
  const std::size_t batch_size = task.config.batch_size > 0 ? task.config.batch_size : order.size();
  for (std::size_t begin = 0; begin < order.size(); begin += batch_size) {
    if (stop.stop_requested()) return Cancelled("training was stopped");
    const Indices part = Indices(order).subspan(begin, std::min(batch_size, order.size() - begin));
    const at::Tensor loss = session.objective.MeanLoss(session.reader.Read(part));
    const double value = loss.item<double>();
    if (!std::isfinite(value)) {
      return OutOfRange("the loss is {} in epoch {}, batch {} (learning rate {})",
                        NumberText(value), epoch + 1, begin / batch_size + 1,
                        task.config.learning_rate);
    }
    loss.backward();
    const at::NoGradGuard no_grad;
    optimizer.Step();
  }
  return OkStatus();
}

Status CheckTask(const LearnTask& task) {
  if (task.examples.empty()) return FailedPrecondition("there are no examples to train on");
  if (task.examples.size() <= kMaxWeight) return OkStatus();
  return InvalidArgument("{} examples are more than an update can weigh ({})", task.examples.size(),
                         kMaxWeight);
}

}  // namespace

struct Learner::Impl {
  Impl(LearnerOptions learner_options, c10::Device where)
      : options(std::move(learner_options)), device(where), replica(where) {}

  Result<Session> Open(const ModelView& model) {
    FEDGE_RETURN_IF_ERROR(replica.Reset(model.archive, model.manifest));
    FEDGE_ASSIGN_OR_RETURN(const std::optional<ModelSchema> schema, ReadSchema(model.archive));
    const c10::ScalarType float_type = replica.parameters().front().scalar_type();
    FEDGE_ASSIGN_OR_RETURN(BatchReader reader,
                           BatchReader::Make(options.dataset, schema, float_type, device));
    FEDGE_ASSIGN_OR_RETURN(Objective objective,
                           Objective::Make(replica.module(), options.loss, schema, reader.info()));
    return Session{std::move(reader), std::move(objective)};
  }

  Status RunEpochs(Session& session, const LearnTask& task, const std::stop_token& stop) {
    FEDGE_ASSIGN_OR_RETURN(const std::unique_ptr<Optimizer> optimizer,
                           MakeOptimizer(task.config, replica.parameters()));
    for (std::uint32_t epoch = 0; epoch < task.config.epochs; ++epoch) {
      FEDGE_RETURN_IF_ERROR(RunEpoch(session, *optimizer, task, epoch, stop));
    }
    return OkStatus();
  }

  Result<Metrics> Evaluate(Session& session, Indices examples, const std::stop_token& stop) {
    replica.module().eval();
    return Measure(session, examples, options.evaluation_batch_size, stop);
  }

  Result<Learned> Train(const ModelView& model, const LearnTask& task,
                        const std::stop_token& stop) {
    FEDGE_RETURN_IF_ERROR(CheckTask(task));
    FEDGE_ASSIGN_OR_RETURN(Session session, Open(model));
    Learned learned;
    learned.result.num_examples = task.examples.size();
    FEDGE_ASSIGN_OR_RETURN(learned.result.before, Evaluate(session, task.measured, stop));

    const auto begin = std::chrono::steady_clock::now();
    replica.module().train();
    FEDGE_RETURN_IF_ERROR(RunEpochs(session, task, stop));
    FEDGE_ASSIGN_OR_RETURN(learned.update, replica.Update(model.archive, model.manifest));
    learned.result.train_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const std::size_t batch_size =
        task.config.batch_size > 0 ? task.config.batch_size : task.examples.size();
    learned.result.num_steps =
        task.config.epochs * ((task.examples.size() + batch_size - 1) / batch_size);

    FEDGE_ASSIGN_OR_RETURN(learned.result.after, Evaluate(session, task.measured, stop));
    return learned;
  }

  LearnerOptions options;
  c10::Device device;
  Replica replica;
};

Learner::Learner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Learner::~Learner() = default;

const LearnerOptions& Learner::options() const { return impl_->options; }

Result<std::unique_ptr<Learner>> Learner::Create(LearnerOptions options) {
  FEDGE_CHECK(options.dataset != nullptr);
  if (options.threads < 1)
    return InvalidArgument("threads is {}; it must be 1 or more", options.threads);
  if (options.evaluation_batch_size == 0)
    return InvalidArgument("the evaluation batch size must be 1 or more");
  if (options.loss != "auto") FEDGE_RETURN_IF_ERROR(FindLoss(options.loss).status());
  FEDGE_ASSIGN_OR_RETURN(const c10::Device device, ParseDevice(options.device));
  KeepFreedMemory();
  if (device.is_cuda()) at::globalContext().setDeterministicCuDNN(true);
  return std::unique_ptr<Learner>(new Learner(std::make_unique<Impl>(std::move(options), device)));
}

Result<Learned> Learner::Train(const ModelView& model, const LearnTask& task,
                               const std::stop_token& stop) {
  return CatchTorch(DescribeData(impl_->options.dataset->info()), [&]() -> Result<Learned> {
    const ThreadSettings settings(impl_->options.threads, impl_->device,
                                  CombineSeeds(task.seed, HashName("operators")));
    return impl_->Train(model, task, stop);
  });
}

Result<Metrics> Learner::Evaluate(const ModelView& model, Indices examples,
                                  const std::stop_token& stop) {
  return CatchTorch(DescribeData(impl_->options.dataset->info()), [&]() -> Result<Metrics> {
    const ThreadSettings settings(impl_->options.threads, impl_->device, HashName("evaluation"));
    FEDGE_ASSIGN_OR_RETURN(Session session, impl_->Open(model));
    return impl_->Evaluate(session, examples, stop);
  });
}

}  // namespace fedge
