#include "fedge/data/formats/tensor_pair.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/ranges.h>

#include "fedge/common/number_text.h"
#include "fedge/data/formats/tensor_reader.h"

namespace fedge::data {
namespace {

struct Pair {
  const TensorInfo* x = nullptr;
  const TensorInfo* y = nullptr;
};

std::string Describe(const TensorInfo& tensor) {
  return fmt::format("'{}' is {} [{}]", tensor.name, DTypeName(tensor.dtype),
                     fmt::join(tensor.shape, ", "));
}

Result<Pair> FindPair(const Archive& archive) {
  Pair pair{archive.FindTensor("x"), archive.FindTensor("y")};
  if (pair.x == nullptr || pair.y == nullptr) {
    const auto& tensors = archive.tensors();
    if (tensors.size() != 2) {
      return InvalidArgument(
          "holds {} tensors, and not both 'x' and 'y'; expected torch.save({{'x': ..., 'y': ...}})",
          tensors.size());
    }
    pair = {&tensors[0], &tensors[1]};
  }
  if (pair.x->shape.size() < 2) {
    return InvalidArgument("{}; expected [examples, ...] with two dimensions or more",
                           Describe(*pair.x));
  }
  if (pair.y->shape.empty() || pair.x->shape[0] != pair.y->shape[0]) {
    return InvalidArgument("{}, but {}; expected the same number of examples in both",
                           Describe(*pair.x), Describe(*pair.y));
  }
  return pair;
}

Status CheckFinite(const Column<float>& column, const TensorInfo& tensor) {
  const std::span<const float> values = column.values();
  const auto odd = std::find_if_not(values.begin(), values.end(),
                                    [](float value) { return std::isfinite(value); });
  if (odd == values.end()) return OkStatus();
  const std::size_t per_example = values.size() / static_cast<std::size_t>(tensor.shape[0]);
  return InvalidArgument("'{}' holds {} in example {}; expected finite numbers (float32)",
                         tensor.name, NumberText(*odd),
                         static_cast<std::size_t>(odd - values.begin()) / per_example);
}

// The largest value. kInvalidArgument unless all are in [0, 2^31 - 1).
Result<std::int64_t> MaxIndex(const Column<std::int64_t>& column, const TensorInfo& tensor) {
  const auto [least, most] = std::minmax_element(column.values().begin(), column.values().end());
  if (*least < 0 || *most >= std::numeric_limits<std::int32_t>::max()) {
    return InvalidArgument("'{}' holds {}; expected 0 to {}", tensor.name,
                           *least < 0 ? *least : *most,
                           std::numeric_limits<std::int32_t>::max() - 1);
  }
  return *most;
}

// Features that will be changed in place are read as floats, whatever they are stored as.
Result<Features> ReadFeatures(const std::shared_ptr<const Archive>& archive, const TensorInfo& x,
                              const DatasetOptions& options) {
  if (x.dtype == DType::kUInt8 || x.dtype == DType::kBool) {
    FEDGE_ASSIGN_OR_RETURN(auto bytes, ReadBytes(archive, x, options.max_bytes));
    const float scale = x.dtype == DType::kBool ? 1.0F : 1.0F / 255;
    return Features(
        ByteFeatures{.values = std::move(bytes), .channels = {{.scale = scale, .offset = 0}}});
  }
  if (IsFloatingPoint(x.dtype)) {
    FEDGE_ASSIGN_OR_RETURN(auto floats, ReadFloats(archive, x, options.max_bytes));
    FEDGE_RETURN_IF_ERROR(CheckFinite(floats, x));
    return Features(std::move(floats));
  }
  FEDGE_ASSIGN_OR_RETURN(auto tokens, ReadIntegers(archive, x, options.max_bytes));
  FEDGE_RETURN_IF_ERROR(MaxIndex(tokens, x).status());
  return Features(std::move(tokens));
}

bool IsReal(const TensorInfo& y, const DatasetOptions& options) {
  return options.target == TargetChoice::kReal ||
         (options.target == TargetChoice::kAuto && IsFloatingPoint(y.dtype));
}

Status ReadClasses(const std::shared_ptr<const Archive>& archive, const Pair& pair,
                   const DatasetOptions& options, DenseTable& table) {
  const TensorInfo& y = *pair.y;
  const bool sequence = y.shape.size() > 1;
  if (sequence && (table.info.feature_type != FeatureType::kToken || y.shape != pair.x->shape)) {
    return InvalidArgument("{}; expected classes [examples], or one per token in the shape of x",
                           Describe(y));
  }
  FEDGE_ASSIGN_OR_RETURN(const auto values, ReadIntegers(archive, y, options.max_bytes));
  FEDGE_ASSIGN_OR_RETURN(std::int64_t most, MaxIndex(values, y));
  if (sequence) {
    const auto tokens = std::get<Column<std::int64_t>>(table.features).values();
    most = std::max(most, *std::max_element(tokens.begin(), tokens.end()));
  }
  std::vector<std::int32_t> classes(values.size());
  std::transform(values.values().begin(), values.values().end(), classes.begin(),
                 [](std::int64_t value) { return static_cast<std::int32_t>(value); });
  table.targets = Column<std::int32_t>(std::move(classes));
  table.info.target_type = sequence ? TargetType::kSequence : TargetType::kClass;
  table.info.num_classes = most + 1;
  return OkStatus();
}

}  // namespace

Result<std::shared_ptr<DenseTable>> ReadTensorPair(const std::shared_ptr<const Archive>& archive,
                                                   const DatasetOptions& options) {
  FEDGE_ASSIGN_OR_RETURN(const Pair pair, FindPair(*archive));
  auto table = std::make_shared<DenseTable>();
  DatasetInfo& info = table->info;
  info.name = "pt";
  info.feature_shape.assign(pair.x->shape.begin() + 1, pair.x->shape.end());
  info.target_shape.assign(pair.y->shape.begin() + 1, pair.y->shape.end());
  FEDGE_ASSIGN_OR_RETURN(table->features, ReadFeatures(archive, *pair.x, options));
  const bool tokens = std::holds_alternative<Column<std::int64_t>>(table->features);
  info.feature_type = tokens ? FeatureType::kToken : FeatureType::kFloat;
  if (IsReal(*pair.y, options)) {
    FEDGE_ASSIGN_OR_RETURN(auto reals, ReadFloats(archive, *pair.y, options.max_bytes));
    FEDGE_RETURN_IF_ERROR(CheckFinite(reals, *pair.y));
    table->targets = std::move(reals);
    info.target_type = TargetType::kReal;
  } else {
    FEDGE_RETURN_IF_ERROR(ReadClasses(archive, pair, options, *table));
  }
  return table;
}

}  // namespace fedge::data
