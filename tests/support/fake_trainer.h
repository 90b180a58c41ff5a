#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "fedge/client/trainer.h"
#include "fedge/common/random.h"

namespace fedge::testing {

// Updates without training: small finite numbers of the manifest's layout. The same model, client
// and round give the same update; large ones share their bytes, so that making one is a copy. One
// object serves all trainers of a process. Thread-safe.
class FakeUpdates {
 public:
  // Beyond this many bytes clients and rounds differ in their weight only.
  static constexpr std::uint64_t kOwnBytesLimit = 256u << 10;

  std::vector<std::byte> Make(const Manifest& manifest, std::uint64_t seed) {
    if (manifest.payload_bytes <= kOwnBytesLimit) return Fill(manifest, seed);
    const std::lock_guard lock(mutex_);
    if (shared_.size() != manifest.payload_bytes) shared_ = Fill(manifest, 1);
    return shared_;
  }

 private:
  // Any bit pattern with a small exponent is a finite number; other types keep to zero.
  static std::vector<std::byte> Fill(const Manifest& manifest, std::uint64_t seed) {
    std::vector<std::byte> payload(manifest.payload_bytes);
    Random random(seed);
    for (const ManifestEntry& entry : manifest.entries) {
      if (entry.dtype != DType::kFloat32) continue;
      for (std::uint64_t at = 0; at < entry.num_bytes(); at += sizeof(float)) {
        const float value = static_cast<float>(random.Below(2'000)) * 1e-6F - 1e-3F;
        std::memcpy(payload.data() + entry.payload_offset + at, &value, sizeof value);
      }
    }
    return payload;
  }

  std::mutex mutex_;
  std::vector<std::byte> shared_;
};

// A trainer that takes no time.
class FakeTrainer final : public Trainer {
 public:
  explicit FakeTrainer(std::shared_ptr<FakeUpdates> updates) : updates_(std::move(updates)) {}

  Result<TrainOutput> Train(const TrainJob& job, const std::stop_token& stop) override {
    if (stop.stop_requested()) return Cancelled("stopped");
    const std::uint64_t seed =
        CombineSeeds(CombineSeeds(job.config.seed, job.round), HashName(job.client_id));
    return TrainOutput{.payload = updates_->Make(job.model->manifest, seed),
                       .result = {.num_examples = 1 + seed % 1'000,
                                  .before = {},
                                  .after = {},
                                  .train_seconds = 0.001,
                                  .num_steps = 1}};
  }
  Result<Metrics> Evaluate(const EvaluateJob&, const std::stop_token&) override {
    return Metrics{.num_examples = 1, .loss = 1.0, .accuracy = 0.5};
  }

 private:
  std::shared_ptr<FakeUpdates> updates_;
};

// So many trainers that share their updates.
inline std::vector<std::unique_ptr<Trainer>> MakeFakeTrainers(std::size_t count) {
  const auto updates = std::make_shared<FakeUpdates>();
  std::vector<std::unique_ptr<Trainer>> trainers;
  for (std::size_t i = 0; i < count; ++i)
    trainers.push_back(std::make_unique<FakeTrainer>(updates));
  return trainers;
}

}  // namespace fedge::testing
