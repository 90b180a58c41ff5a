#include "fedge/data/dataset.h"

namespace fedge::data {
namespace {

std::size_t NumElements(std::span<const std::int64_t> shape) {
  std::size_t count = 1;
  for (const std::int64_t extent : shape) count *= static_cast<std::size_t>(extent);
  return count;
}

}  // namespace

std::size_t DatasetInfo::feature_size() const { return NumElements(feature_shape); }
std::size_t DatasetInfo::target_size() const { return NumElements(target_shape); }

}  // namespace fedge::data
