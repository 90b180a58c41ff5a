#include "client_data.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <random>
#include <span>
#include <utility>

#include <unistd.h>

#include "fedge/common/random.h"
#include "fedge/data/dataset_registry.h"
#include "fedge/data/partition/holdout.h"
#include "fedge/data/partition/partition.h"
#include "fedge/data/partition/summary.h"

namespace fedge {
namespace {

constexpr std::size_t kMinDigits = 3;

// "myhost-3f9a1c": another one each time, so that two clients of one host do not clash.
std::string RandomId() {
  std::array<char, 65> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {"client"};
  std::string name(host.data());
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '-');
  std::random_device random;
  return fmt::format("{}-{:06x}", name, random() & 0xffffff);
}

std::vector<std::string> Ids(const ClientOptions& options) {
  if (options.num_virtual == 0) return {options.id.empty() ? RandomId() : options.id};
  const std::string prefix = options.id.empty() ? "client" : options.id;
  const std::size_t digits = std::max(kMinDigits, std::to_string(options.num_parts() - 1).size());
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < options.num_clients(); ++i) {
    ids.push_back(fmt::format("{}-{:0{}}", prefix, options.partition_index + i, digits));
  }
  return ids;
}

std::vector<std::uint32_t> All(const data::Dataset& dataset) {
  std::vector<std::uint32_t> all(dataset.size());
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

// The parts of the clients here.
Result<data::Partition> Parts(const ClientOptions& options, const data::Dataset& dataset) {
  if (!options.takes_parts()) return data::Partition{All(dataset)};
  FEDGE_ASSIGN_OR_RETURN(
      data::Partition all,
      data::MakePartition(options.partition_spec(), dataset, options.num_parts(), options.seed));
  const auto first = std::make_move_iterator(all.begin() + options.partition_index);
  return data::Partition(first, first + static_cast<std::ptrdiff_t>(options.num_clients()));
}

Status AddTrainingData(const ClientOptions& options, data::Partition parts, ClientSet& set) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::uint64_t seed = CombineSeeds(options.seed, options.partition_index + i);
    FEDGE_ASSIGN_OR_RETURN(data::Holdout split,
                           data::SplitHoldout(parts[i], options.holdout, seed));
    if (split.kept.empty())
      return InvalidArgument("client '{}' has no example to train on", set.ids[i]);
    set.data.push_back({.train = std::move(split.kept), .holdout = std::move(split.held_out)});
  }
  return OkStatus();
}

}  // namespace

Result<ClientSet> LoadClients(const ClientOptions& options) {
  data::DatasetOptions data_options = options.data;
  data_options.sequence_length = options.sequence_length;
  data_options.seed = options.seed;
  const auto split = options.evaluates() ? data::Split::kTest : data::Split::kTrain;
  ClientSet set;
  FEDGE_ASSIGN_OR_RETURN(set.dataset, data::BuiltinDatasets().Load(data_options, split));
  set.ids = Ids(options);
  if (options.evaluates()) {
    set.data.push_back({.train = {}, .holdout = All(*set.dataset)});
    set.summary = fmt::format("clients=1 test_examples={}", set.dataset->size());
    return set;
  }
  FEDGE_ASSIGN_OR_RETURN(data::Partition parts, Parts(options, *set.dataset));
  set.summary = data::Summarize(parts, *set.dataset).ToString();
  FEDGE_RETURN_IF_ERROR(AddTrainingData(options, std::move(parts), set));
  return set;
}

}  // namespace fedge
