#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "fedge/client/trainer.h"
#include "fedge/common/result.h"
#include "fedge/learn/learner.h"

namespace fedge {

// Which examples of the data set belong to one client of the process.
struct ClientData {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> holdout;  // kept from training: evaluated instead; may be empty
};

struct TrainerOptions {
  LearnerOptions learner;
  std::shared_ptr<const std::vector<ClientData>>
      clients;  // by TrainJob::client_index; shared by all trainers
  // Metrics before and after training are taken on the holdout; a client without one takes them on
  // a sample of its training data, the same in every round, of at most this many examples and of at
  // most what costs about a thirtieth of the training, though never below 32 for that reason. 0:
  // such a client takes none.
  std::size_t metrics_samples = 200;
};

// The trainer for one worker: a model replica. Errors as Learner::Create.
Result<std::unique_ptr<Trainer>> MakeTorchTrainer(TrainerOptions options);

}  // namespace fedge
