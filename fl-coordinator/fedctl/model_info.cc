#include "fedge/fedctl/model_info.h"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"
#include "fedge/archive/schema.h"
#include "fedge/common/file.h"
#include "fedge/common/file_content.h"
#include "fedge/common/hash.h"
#include "fedge/common/json.h"
#include "fedge/fedctl/format.h"
#include "fedge/fedctl/json_view.h"
#include "fedge/fedctl/table.h"

namespace fedge::fedctl {
namespace {

struct Model {
  const Archive& archive;
  std::optional<Manifest> manifest;  // none: it cannot be trained across clients
  std::string untrainable;           // why not
  std::optional<ModelSchema> schema;
  std::string provenance;  // JSON; empty if there is none
  std::vector<std::pair<std::string, std::string>> provenance_members;
  Digest digest;
};

std::string_view KindName(TensorKind kind) {
  switch (kind) {
    case TensorKind::kParameter:
      return "parameter";
    case TensorKind::kBuffer:
      return "buffer";
    case TensorKind::kAttribute:
      return "attribute";
  }
  return "?";
}

Result<Model> Read(const Archive& archive) {
  Model model{.archive = archive,
              .manifest = {},
              .untrainable = {},
              .schema = {},
              .provenance = {},
              .provenance_members = {},
              .digest = {}};
  // Not from the archive's mapping: its pages would count as memory of this process.
  FEDGE_ASSIGN_OR_RETURN(const FileContent content, ReadContent(PosixFileSystem(), archive.path()));
  model.digest = content.digest;
  FEDGE_RETURN_IF_ERROR(archive.Verify());
  Result<Manifest> manifest = BuildManifest(archive);
  if (manifest.ok()) {
    model.manifest = *std::move(manifest);
  } else {
    model.untrainable = manifest.status().message();
  }
  FEDGE_ASSIGN_OR_RETURN(model.schema, ReadSchema(archive));
  if (archive.HasExtra(kProvenanceRecord)) {
    FEDGE_ASSIGN_OR_RETURN(model.provenance, archive.ReadExtra(kProvenanceRecord));
    auto members = ParseJsonMembers(model.provenance);
    if (!members.ok()) return members.status().WithContext(kProvenanceRecord);
    model.provenance_members = *std::move(members);
  }
  return model;
}

std::string Signature(const std::vector<TensorSchema>& tensors) {
  std::vector<std::string> parts;
  for (const TensorSchema& tensor : tensors) {
    parts.push_back(fmt::format("{} {} [{}]", tensor.name, DTypeName(tensor.dtype),
                                fmt::join(tensor.shape, ", ")));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

// Elements of all parameters; of those that share a storage, each time they are named.
std::uint64_t CountParameters(const Model& model) {
  if (model.manifest.has_value()) return model.manifest->num_parameters;
  std::uint64_t count = 0;
  for (const TensorInfo& tensor : model.archive.tensors()) {
    if (tensor.kind == TensorKind::kParameter) count += tensor.num_elements();
  }
  return count;
}

std::string Text(const Model& model, std::size_t width) {
  const Archive& archive = model.archive;
  std::vector<std::pair<std::string, std::string>> fields = {
      {"file", fmt::format("{}, {}, {}", archive.path(), HumanBytes(archive.file_size()),
                           archive.is_module() ? "TorchScript module" : "tensors without code")},
      {"sha256", model.digest.Hex()},
      {"parameters", HumanCount(CountParameters(model))},
      {"update", model.manifest ? fmt::format("{} from each client in a round",
                                              HumanBytes(model.manifest->payload_bytes))
                                : fmt::format("none: it cannot be trained across clients: {}",
                                              model.untrainable)},
  };
  if (model.schema.has_value()) {
    fields.emplace_back("architecture", model.schema->architecture);
    fields.emplace_back("loss", model.schema->loss);
    fields.emplace_back("inputs", Signature(model.schema->inputs));
    fields.emplace_back("outputs", Signature(model.schema->outputs));
  }
  for (const auto& [name, value] : model.provenance_members)
    fields.emplace_back(fmt::format("made: {}", name), value);

  Table table({{"TENSOR"},
               {"KIND"},
               {"TYPE"},
               {"SHAPE"},
               {"ELEMENTS", Table::Align::kRight},
               {"SIZE", Table::Align::kRight},
               {"RECORD"}});
  for (const TensorInfo& tensor : archive.tensors()) {
    table.AddRow(
        {tensor.name, std::string(KindName(tensor.kind)), std::string(DTypeName(tensor.dtype)),
         fmt::format("[{}]", fmt::join(tensor.shape, ", ")), HumanCount(tensor.num_elements()),
         HumanBytes(tensor.num_elements() * DTypeSize(tensor.dtype)),
         archive.storages()[tensor.storage].record});
  }
  const std::string head = RenderFields(fields);
  return table.empty() ? head : fmt::format("{}\n{}", head, table.Render(width));
}

void AddTensor(const Archive& archive, const TensorInfo& tensor, JsonWriter& json) {
  json.BeginObject()
      .Member("name", tensor.name)
      .Member("kind", KindName(tensor.kind))
      .Member("dtype", DTypeName(tensor.dtype))
      .Key("shape")
      .BeginArray();
  for (const std::int64_t extent : tensor.shape) json.Value(extent);
  json.EndArray()
      .Member("num_elements", tensor.num_elements())
      .Member("num_bytes", tensor.num_elements() * DTypeSize(tensor.dtype))
      .Member("trainable", tensor.trainable())
      .Member("record", archive.storages()[tensor.storage].record)
      .EndObject();
}

std::string Json(const Model& model) {
  const Archive& archive = model.archive;
  JsonWriter json = BeginDocument("model");
  json.Member("path", archive.path())
      .Member("bytes", archive.file_size())
      .Member("sha256", model.digest.Hex())
      .Member("is_module", archive.is_module())
      .Member("num_parameters", CountParameters(model));
  if (model.manifest.has_value()) {
    json.Member("update_bytes", model.manifest->payload_bytes)
        .Member("structure_sha256", model.manifest->structure.Hex());
  } else {
    json.Key("update_bytes").Null().Key("structure_sha256").Null();
  }
  json.Key("schema");
  model.schema.has_value() ? json.Raw(SchemaToJson(*model.schema)) : json.Null();
  json.Key("provenance");
  model.provenance.empty() ? json.Null() : json.Raw(model.provenance);
  json.Key("tensors").BeginArray();
  for (const TensorInfo& tensor : archive.tensors()) AddTensor(archive, tensor, json);
  return json.EndArray().EndObject().Take();
}

}  // namespace

Result<ModelDescription> DescribeModel(const std::string& path, std::size_t width) {
  FEDGE_ASSIGN_OR_RETURN(const Archive archive, Archive::Open(path));
  Result<Model> model = Read(archive);
  if (!model.ok()) return model.status();
  return ModelDescription{.text = Text(*model, width), .json = Json(*model)};
}

}  // namespace fedge::fedctl
