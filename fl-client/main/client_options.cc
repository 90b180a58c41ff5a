#include "client_options.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/ranges.h>

#include "fedge/cli/suggest.h"
#include "fedge/common/listen_address.h"
#include "fedge/data/dataset_registry.h"
#include "fedge/data/partition/partition.h"

namespace fedge {
namespace {

// As federation.proto says; the number of a virtual client follows.
constexpr std::size_t kMaxIdLength = 120;

bool IsIdCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._:@-").find(c) != std::string_view::npos;
}

// What was probably meant by "NAME:REST", if NAME is none of those that are known.
template <typename Known>
std::string Suggestion(std::string_view written, const std::vector<Known>& known) {
  std::vector<std::string> names;
  for (const Known& one : known) names.emplace_back(one.name);
  const std::string name(written.substr(0, written.find(':')));
  if (std::find(names.begin(), names.end(), name) != names.end()) return "";
  return cli::DidYouMean(name, names);
}

}  // namespace

Status ClientOptions::Validate() const {
  std::vector<std::string> problems;
  if (const Status status = CheckConnectAddress(coordinator); !status.ok())
    problems.push_back("--coordinator: " + status.message());
  if (id.size() > kMaxIdLength || !std::all_of(id.begin(), id.end(), IsIdCharacter)) {
    problems.push_back(fmt::format(
        "--id: '{}' has other characters than letters, digits and ._:@-, or more than {}", id,
        kMaxIdLength));
  }
  const data::DatasetRegistry datasets = data::BuiltinDatasets();
  if (const Status status = datasets.Validate(data); !status.ok()) {
    problems.push_back(status.message() + Suggestion(data.name, datasets.formats()));
  }
  const data::PartitionRegistry partitions = data::BuiltinPartitions();
  if (const Status status = partitions.Validate(partition_spec()); !status.ok()) {
    problems.push_back(status.message() + Suggestion(partition, partitions.methods()));
  }
  if (partition.empty() && num_virtual == 0 && (num_partitions > 0 || partition_index > 0)) {
    problems.emplace_back(
        "--num-partitions and --partition-index need --partition, which says how the data are "
        "dealt out");
  }
  if (evaluates() && takes_parts()) {
    problems.emplace_back(
        "--role evaluator is one client with the whole test data; leave out --virtual and "
        "--partition");
  }
  if (partition_index + num_clients() > num_parts()) {
    problems.push_back(fmt::format(
        "--partition-index: {} clients from part {} on do not fit into {} parts (--num-partitions)",
        num_clients(), partition_index, num_parts()));
  }
  if (problems.empty()) return OkStatus();
  return InvalidArgument("{}", fmt::join(problems, "; "));
}

}  // namespace fedge
