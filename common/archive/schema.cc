#include "fedge/archive/schema.h"

#include <utility>

#include "fedge/archive/json_document.h"
#include "fedge/common/json.h"

namespace fedge {
namespace {

constexpr std::int64_t kSchemaVersion = 1;
constexpr std::size_t kMaxDimensions = 64;

void WriteTensors(std::string_view name, const std::vector<TensorSchema>& tensors,
                  JsonWriter& json) {
  json.Key(name).BeginArray();
  for (const TensorSchema& tensor : tensors) {
    json.BeginObject().Member("name", tensor.name).Member("dtype", DTypeName(tensor.dtype));
    json.Key("shape").BeginArray();
    for (const std::int64_t size : tensor.shape) json.Value(size);
    json.EndArray().EndObject();
  }
  json.EndArray();
}

Result<std::vector<std::int64_t>> ReadShape(const rapidjson::Value& tensor,
                                            std::string_view where) {
  FEDGE_ASSIGN_OR_RETURN(const rapidjson::Value* sizes,
                         internal::ArrayMember(tensor, "shape", where));
  if (sizes->Size() > kMaxDimensions)
    return InvalidArgument("'{}.shape' has {} dimensions", where, sizes->Size());
  std::vector<std::int64_t> shape;
  for (const rapidjson::Value& size : sizes->GetArray()) {
    if (!size.IsInt64() || size.GetInt64() < -1) {
      return InvalidArgument("'{}.shape[{}]' is no size (0 or more, or -1 for any)", where,
                             shape.size());
    }
    shape.push_back(size.GetInt64());
  }
  return shape;
}

Result<TensorSchema> ReadTensor(const rapidjson::Value& value, const std::string& where) {
  if (!value.IsObject()) return InvalidArgument("'{}' is no object", where);
  TensorSchema tensor;
  FEDGE_ASSIGN_OR_RETURN(tensor.name, internal::StringMember(value, "name", where));
  FEDGE_ASSIGN_OR_RETURN(const std::string dtype, internal::StringMember(value, "dtype", where));
  const auto known = DTypeFromName(dtype);
  if (!known.has_value())
    return InvalidArgument("'{}.dtype' is '{}', not one such as 'float32'", where, dtype);
  tensor.dtype = *known;
  FEDGE_ASSIGN_OR_RETURN(tensor.shape, ReadShape(value, where));
  return tensor;
}

Result<std::vector<TensorSchema>> ReadTensors(const rapidjson::Value& object, const char* name) {
  FEDGE_ASSIGN_OR_RETURN(const rapidjson::Value* values, internal::ArrayMember(object, name, ""));
  std::vector<TensorSchema> tensors;
  for (const rapidjson::Value& value : values->GetArray()) {
    FEDGE_ASSIGN_OR_RETURN(TensorSchema tensor,
                           ReadTensor(value, fmt::format("{}[{}]", name, tensors.size())));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace

std::string SchemaToJson(const ModelSchema& schema) {
  JsonWriter json;
  json.BeginObject().Member("schema_version", kSchemaVersion);
  if (!schema.architecture.empty()) json.Member("architecture", schema.architecture);
  if (!schema.loss.empty()) json.Member("loss", schema.loss);
  WriteTensors("inputs", schema.inputs, json);
  WriteTensors("outputs", schema.outputs, json);
  json.EndObject();
  return json.Take();
}

Result<ModelSchema> SchemaFromJson(std::string_view json) {
  FEDGE_ASSIGN_OR_RETURN(const rapidjson::Document document,
                         internal::ParseJsonObject(json, kSchemaVersion));
  ModelSchema schema;
  FEDGE_ASSIGN_OR_RETURN(schema.architecture, internal::StringMember(document, "architecture", ""));
  FEDGE_ASSIGN_OR_RETURN(schema.loss, internal::StringMember(document, "loss", ""));
  FEDGE_ASSIGN_OR_RETURN(schema.inputs, ReadTensors(document, "inputs"));
  FEDGE_ASSIGN_OR_RETURN(schema.outputs, ReadTensors(document, "outputs"));
  return schema;
}

Result<std::optional<ModelSchema>> ReadSchema(const Archive& archive) {
  if (!archive.HasExtra(kSchemaRecord)) return std::optional<ModelSchema>();
  FEDGE_ASSIGN_OR_RETURN(const std::string json, archive.ReadExtra(kSchemaRecord));
  auto schema = SchemaFromJson(json);
  if (!schema.ok()) {
    return std::move(schema).status().WithContext(
        fmt::format("{}: record 'extra/{}'", archive.path(), kSchemaRecord));
  }
  return std::optional<ModelSchema>(std::move(schema).value());
}

}  // namespace fedge
