#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"
#include "fedge/common/hash.h"
#include "fedge/common/result.h"
#include "fedge/common/training.h"

namespace fedge {

// A global model as fetched: shared by every client of the process.
struct GlobalModel {
  Digest digest;
  Archive archive;
  Manifest manifest;
};

struct TrainJob {
  std::shared_ptr<const GlobalModel> model;
  TrainConfig config;
  // With config.seed and round it seeds shuffling, dropout and every other draw.
  std::string client_id;
  std::uint64_t round = 0;
  std::size_t client_index = 0;  // which of the process's clients, i.e. which part of the data
};

struct TrainOutput {
  std::vector<std::byte> payload;  // laid out as the manifest says
  TrainResult result;
};

struct EvaluateJob {
  std::shared_ptr<const GlobalModel> model;
  std::size_t client_index = 0;
};

// Trains and evaluates: one model replica. The seam between the session machinery and LibTorch.
// Used by one thread at a time.
class Trainer {
 public:
  virtual ~Trainer() = default;
  // kCancelled once `stop` is requested, checked between batches. kOutOfRange: the loss or the
  // update is not finite. kInvalidArgument: the data do not fit the model ...; the message is for
  // the operator. Deterministic per (config.seed, client_id, round).
  virtual Result<TrainOutput> Train(const TrainJob& job, const std::stop_token& stop) = 0;
  virtual Result<Metrics> Evaluate(const EvaluateJob& job, const std::stop_token& stop) = 0;
};

}  // namespace fedge
