#pragma once

#include <cstddef>
#include <string>

#include "fedge/data/dataset.h"
#include "fedge/data/partition/partition.h"

namespace fedge::data {

struct Spread {
  std::size_t min = 0;
  double median = 0;
  std::size_t max = 0;
};

// What a partition looks like, for logs.
struct PartitionSummary {
  std::size_t num_clients = 0;
  std::size_t num_examples = 0;  // that some client has
  std::size_t num_unused = 0;    // of the data set
  Spread examples;               // per client
  Spread classes;                // different ones per client; all 0 if the targets are no classes

  // "clients=50 examples=1437 unused=0 per_client=28/29/29 classes_per_client=8/10/10"
  // (min/median/max); without the last if the targets are no classes.
  std::string ToString() const;
};

PartitionSummary Summarize(const Partition& partition, const Dataset& dataset);

}  // namespace fedge::data
