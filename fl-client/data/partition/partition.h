#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/random.h"
#include "fedge/common/result.h"
#include "fedge/data/dataset.h"

namespace fedge::data {

// The examples of each client, ascending. No example belongs to two clients, and every client has
// at least one.
using Partition = std::vector<std::vector<std::uint32_t>>;

// What a way of dealing out examples is given. There are as many examples as clients, or more.
struct PartitionRequest {
  const Dataset& dataset;
  std::size_t num_clients = 0;
  double parameter = 0;  // what stands after the colon
  Random& random;
};

// A way to deal a data set's examples out to clients: "shards:2" is the method `shards` with the
// parameter 2.
struct PartitionMethod {
  std::string_view name;
  std::string_view summary;    // for the command line's help
  std::string_view parameter;  // what it stands for; empty: there is none
  double default_parameter = 0;
  double min_parameter = 0;
  double max_parameter = 0;
  bool whole = false;  // the parameter is a whole number
  Result<Partition> (*make)(const PartitionRequest& request) = nullptr;
};

// The partition methods that can be named. Thread-compatible.
class PartitionRegistry {
 public:
  // Precondition: the name is new.
  void Register(const PartitionMethod& method);
  const std::vector<PartitionMethod>& methods() const { return methods_; }
  // One line per method, for --help.
  std::string Help() const;

  // kInvalidArgument: the name is unknown (known ones are listed), or its parameter is missing,
  // unknown or out of range.
  Status Validate(std::string_view spec) const;
  // Deals out `dataset`. The same spec, data set, number and seed give the same partition on every
  // platform. kInvalidArgument: as Validate; there are fewer examples (or shards, or keys) than
  // clients; the method needs classes or keys and the data set has none. Messages begin with
  // "partition: SPEC: ".
  Result<Partition> Make(std::string_view spec, const Dataset& dataset, std::size_t num_clients,
                         std::uint64_t seed) const;

 private:
  struct Parsed {
    PartitionMethod method;
    double parameter = 0;
  };
  Result<Parsed> Parse(std::string_view spec) const;

  std::vector<PartitionMethod> methods_;
};

// iid, shards, dirichlet, quantity, by-key.
PartitionRegistry BuiltinPartitions();

// BuiltinPartitions().Make(...).
Result<Partition> MakePartition(std::string_view spec, const Dataset& dataset,
                                std::size_t num_clients, std::uint64_t seed);

}  // namespace fedge::data
