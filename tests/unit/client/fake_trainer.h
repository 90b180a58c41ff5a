#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "fedge/client/trainer.h"

namespace fedge::client {

// What the fake trainers of a test share: what they are to do, and what they have done.
// Thread-safe.
struct TrainingScript {
  std::atomic<std::size_t> nan_client = ~std::size_t{0};  // whose loss is not finite
  std::atomic<bool> block = false;                        // training goes on until it is stopped
  std::atomic<int> trained = 0;
  std::atomic<int> stopped = 0;
  std::atomic<int> running = 0;
  std::atomic<int> most_running = 0;
};

// Fills the update with the client's index.
class FakeTrainer final : public Trainer {
 public:
  explicit FakeTrainer(std::shared_ptr<TrainingScript> script) : script_(std::move(script)) {}

  Result<TrainOutput> Train(const TrainJob& job, const std::stop_token& stop) override {
    const int running = ++script_->running;
    if (running > script_->most_running) script_->most_running = running;
    auto result = Work(job, stop);
    --script_->running;
    return result;
  }

  Result<Metrics> Evaluate(const EvaluateJob&, const std::stop_token&) override {
    return Metrics{.num_examples = 50, .loss = 0.25, .accuracy = 0.75};
  }

 private:
  Result<TrainOutput> Work(const TrainJob& job, const std::stop_token& stop) {
    if (script_->block) {
      std::mutex mutex;
      std::condition_variable_any never;
      std::unique_lock lock(mutex);
      never.wait(lock, stop, [] { return false; });
      ++script_->stopped;
      return Cancelled("stopped");
    }
    ++script_->trained;
    if (job.client_index == script_->nan_client) return OutOfRange("the loss is NaN in epoch 1");
    TrainOutput output;
    output.payload.assign(job.model->manifest.payload_bytes,
                          static_cast<std::byte>(job.client_index));
    output.result = {.num_examples = 10 + job.client_index,
                     .before = {.num_examples = 10, .loss = 2, .accuracy = 0.25},
                     .after = {.num_examples = 10, .loss = 1, .accuracy = 0.5},
                     .train_seconds = 0.5,
                     .num_steps = 3};
    return output;
  }

  std::shared_ptr<TrainingScript> script_;
};

inline std::vector<std::unique_ptr<Trainer>> FakeTrainers(std::size_t count,
                                                          std::shared_ptr<TrainingScript> script) {
  std::vector<std::unique_ptr<Trainer>> trainers;
  for (std::size_t i = 0; i < count; ++i) trainers.push_back(std::make_unique<FakeTrainer>(script));
  return trainers;
}

}  // namespace fedge::client
