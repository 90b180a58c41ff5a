#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace fedge {

// What both sides of a round exchange, free of any wire format. proto/fedge/v1/federation.proto has
// the same fields.

// How a client trains in one round.
struct TrainConfig {
  std::uint32_t epochs = 1;       // 0: no training, a zero update
  std::uint32_t batch_size = 32;  // examples; 0: the whole data set
  std::string optimizer = "sgd";  // "sgd" or "adam"
  double learning_rate = 0.1;
  double momentum = 0;
  double weight_decay = 0;
  double prox_mu = 0;  // FedProx (Li et al. 2020, eq. 2); 0: none
  std::uint64_t seed = 1;

  friend bool operator==(const TrainConfig&, const TrainConfig&) = default;
};

// A measurement of a model on some examples.
struct Metrics {
  std::uint64_t num_examples = 0;  // 0: not measured
  double loss = 0;                 // mean per example
  double accuracy =
      std::numeric_limits<double>::quiet_NaN();  // 0 to 1; NaN for a model without classes

  bool measured() const { return num_examples > 0; }
  bool has_accuracy() const { return measured() && !std::isnan(accuracy); }
};

// What a client tells of its training, besides the update itself.
struct TrainResult {
  std::uint64_t num_examples = 0;  // the update's weight
  Metrics before;                  // of the model as fetched
  Metrics after;
  double train_seconds = 0;
  std::uint64_t num_steps = 0;  // optimizer steps
};

// The update's weight is a count of examples below 2^29: products with float32 elements are then
// exact in float64.
inline constexpr std::uint64_t kMaxWeight = (std::uint64_t{1} << 29) - 1;

}  // namespace fedge
