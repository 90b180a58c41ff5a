#include "fedge/compress_eval/predictions.h"

#include "fedge/common/hash.h"
#include "fedge/program/dim.h"
#include "fedge/tensor/number.h"

namespace fedge {
namespace {

std::int64_t Largest(std::span<const double> scores) {
  if (scores.size() == 1) return scores[0] > 0 ? 1 : 0;
  std::size_t best = 0;
  for (std::size_t i = 1; i < scores.size(); ++i) {
    if (scores[i] > scores[best] || scores[best] != scores[best]) best = i;
  }
  return static_cast<std::int64_t>(best);
}

}  // namespace

Result<std::vector<std::int64_t>> ChosenClasses(const SampleTensor& scores) {
  if (!IsFloatingPoint(scores.dtype) || scores.shape.empty()) {
    return InvalidArgument("output '{}' is {} of rank {}; scores of classes are floats [N, C]",
                           scores.name, DTypeName(scores.dtype), scores.shape.size());
  }
  const std::size_t classes =
      scores.shape.size() == 1 ? 1 : static_cast<std::size_t>(scores.shape.back());
  const std::size_t size = DTypeSize(scores.dtype);
  const std::size_t elements = scores.data.size() / size;
  const std::byte* const data = AsBytes(scores.data).data();
  std::vector<std::int64_t> chosen;
  std::vector<double> row(classes);
  for (std::size_t at = 0; at + classes <= elements && classes > 0; at += classes) {
    for (std::size_t i = 0; i < classes; ++i)
      row[i] = LoadNumber(scores.dtype, data + (at + i) * size);
    chosen.push_back(Largest(row));
  }
  return chosen;
}

}  // namespace fedge
