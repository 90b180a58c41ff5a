#include "fedge/compress_main/input_spec.h"

#include <algorithm>
#include <charconv>

#include <fmt/ranges.h>

namespace fedge {
namespace {

constexpr std::string_view kHow =
    "it is written [NAME=]SIZExSIZE...[:DTYPE] with the batch first, such as 1x3x224x224 or "
    "tokens=1x80:int64";

Result<std::int64_t> ParseSize(std::string_view text) {
  std::int64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || size < 1) return InvalidArgument("'{}' is no size; {}", text, kHow);
  return size;
}

LowerInput ToInput(const InputSpec& spec) {
  LowerInput input{.name = spec.name, .dtype = spec.dtype, .shape = {Dim(0, 1)}};
  for (std::size_t i = 1; i < spec.shape.size(); ++i) input.shape.emplace_back(spec.shape[i]);
  return input;
}

bool IsComplete(const TensorSchema& schema) {
  return !schema.shape.empty() && std::none_of(schema.shape.begin() + 1, schema.shape.end(),
                                               [](std::int64_t size) { return size < 0; });
}

Result<LowerInput> ToInput(const TensorSchema& schema) {
  LowerInput input{.name = schema.name, .dtype = schema.dtype, .shape = {Dim(0, 1)}};
  if (!IsComplete(schema)) {
    return FailedPrecondition(
        "the file does not say every size of input '{}'; say it with --input 1x3x224x224 (the "
        "batch first)",
        schema.name);
  }
  for (std::size_t i = 1; i < schema.shape.size(); ++i) input.shape.emplace_back(schema.shape[i]);
  return input;
}

LowerInput ToInput(const data::DatasetInfo& data, const std::string& name) {
  const bool floats = data.feature_type == data::FeatureType::kFloat;
  LowerInput input{
      .name = name, .dtype = floats ? DType::kFloat32 : DType::kInt64, .shape = {Dim(0, 1)}};
  for (const std::int64_t size : data.feature_shape) input.shape.emplace_back(size);
  return input;
}

}  // namespace

Result<InputSpec> ParseInputSpec(std::string_view text) {
  InputSpec spec;
  std::string_view rest = text;
  if (const std::size_t equals = rest.find('='); equals != std::string_view::npos) {
    spec.name = rest.substr(0, equals);
    rest.remove_prefix(equals + 1);
  }
  if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
    const auto dtype = DTypeFromName(rest.substr(colon + 1));
    if (!dtype) return InvalidArgument("'{}' is no type; {}", rest.substr(colon + 1), kHow);
    spec.dtype = *dtype;
    rest = rest.substr(0, colon);
  }
  while (true) {
    const std::size_t cross = rest.find('x');
    FEDGE_ASSIGN_OR_RETURN(const std::int64_t size, ParseSize(rest.substr(0, cross)));
    spec.shape.push_back(size);
    if (cross == std::string_view::npos) return spec;
    rest.remove_prefix(cross + 1);
  }
}

std::string ToSpec(const LowerInput& input) {
  return fmt::format("{}={}:{}", input.name, fmt::join(At(input.shape, 1), "x"),
                     DTypeName(input.dtype));
}

Result<std::vector<LowerInput>> InputsOf(const std::vector<std::string>& specs,
                                         const std::optional<ModelSchema>& schema,
                                         const data::DatasetInfo* data) {
  std::vector<LowerInput> inputs;
  for (const std::string& text : specs) {
    FEDGE_ASSIGN_OR_RETURN(const InputSpec spec, ParseInputSpec(text));
    inputs.push_back(ToInput(spec));
  }
  if (!inputs.empty()) return inputs;
  if (schema) {
    for (const TensorSchema& input : schema->inputs) {
      if (!IsComplete(input) && data != nullptr) return std::vector{ToInput(*data, input.name)};
      FEDGE_ASSIGN_OR_RETURN(LowerInput one, ToInput(input));
      inputs.push_back(std::move(one));
    }
  }
  if (!inputs.empty()) return inputs;
  if (data != nullptr) return std::vector{ToInput(*data, "")};
  return FailedPrecondition(
      "the file does not say what shape its input has; say it with --input 1x3x224x224 (the batch "
      "first; once for each input)");
}

}  // namespace fedge
