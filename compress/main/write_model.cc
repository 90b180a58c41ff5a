#include "write_model.h"

#include <filesystem>

#include <unistd.h>

#include "fedge/archive/archive_writer.h"
#include "fedge/common/file.h"
#include "fedge/common/json.h"
#include "fedge/program/program_codec.h"
#include "fedge/version.h"

namespace fedge {
namespace {

std::vector<std::int64_t> SchemaShape(const Shape& shape) {
  std::vector<std::int64_t> sizes;
  for (const Dim& dim : shape) sizes.push_back(dim.is_constant() ? dim.base : -1);
  return sizes;
}

std::vector<TensorSchema> Describe(const Program& program, const std::vector<Port>& ports) {
  std::vector<TensorSchema> tensors;
  for (const Port& port : ports) {
    const Value& value = program.values[port.value];
    tensors.push_back({.name = port.name, .dtype = value.dtype, .shape = SchemaShape(value.shape)});
  }
  return tensors;
}

std::vector<ArchiveWriter::Extra> Extras(const ModelExtras& extras) {
  const LoweredModel& lowered = extras.lowered;
  ModelSchema schema = extras.schema.value_or(ModelSchema());
  schema.inputs = Describe(lowered.program, lowered.program.inputs);
  schema.outputs = Describe(lowered.program, lowered.program.outputs);
  std::vector<ArchiveWriter::Extra> records = {
      {.name = std::string(kProgramRecord),
       .content = ProgramToBytes(lowered.program),
       .derived_from = lowered.storages,
       .deflate = true},
      {.name = std::string(kSamplesRecord),
       .content = SamplesToBytes({extras.sample}),
       .derived_from = lowered.storages,
       .deflate = true},
      {.name = std::string(kSchemaRecord), .content = SchemaToJson(schema)},
      {.name = std::string(kProvenanceRecord), .content = extras.provenance}};
  ArchiveWriter::Extra constants{.name = std::string(kConstantsRecord), .content = {}};
  if (!lowered.constants.empty()) {
    constants.content = lowered.constants;
    constants.derived_from = lowered.storages;
  }
  records.push_back(std::move(constants));
  return records;
}

}  // namespace

Status CheckOutput(const std::string& input, const std::string& output, bool force) {
  std::error_code ignored;
  if (std::filesystem::equivalent(input, output, ignored)) {
    return InvalidArgument("{}: is the input itself; give another name with -o", output);
  }
  if (!std::filesystem::exists(output, ignored)) return OkStatus();
  if (!std::filesystem::is_regular_file(output, ignored)) {
    return InvalidArgument("{}: is there already and no file", output);
  }
  if (force) return OkStatus();
  return AlreadyExists("{}: is there already; replace it with --force", output);
}

Result<std::uint64_t> WriteModel(const Archive& base, const ModelExtras& extras,
                                 const std::string& output, bool keep, const Prove& prove) {
  FileSystem& files = PosixFileSystem();
  const std::filesystem::path target(output);
  const std::string place =
      keep ? output : (std::filesystem::temp_directory_path() / target.filename()).string();
  const std::string partial = fmt::format("{}.part-{}", place, ::getpid());
  FEDGE_ASSIGN_OR_RETURN(ArchiveWriter writer,
                         ArchiveWriter::Create(base, files, partial, {.extras = Extras(extras)}));
  FEDGE_ASSIGN_OR_RETURN(const ArchiveWriter::Summary summary, writer.Finish());
  // A result is for whoever may read its folder.
  using std::filesystem::perms;
  std::error_code ignored;
  std::filesystem::permissions(
      partial, perms::owner_read | perms::owner_write | perms::group_read | perms::others_read,
      ignored);
  Status status = prove(partial).WithContext(output);
  if (status.ok() && keep) status = files.Rename(partial, output);
  if (!status.ok() || !keep) {
    static_cast<void>(files.Remove(partial));
    if (!status.ok()) return status;
    return summary.size;
  }
  const std::string folder = target.parent_path().string();
  FEDGE_RETURN_IF_ERROR(files.SyncDirectory(folder.empty() ? "." : folder));
  return summary.size;
}

std::string ProvenanceToJson(const std::string& method, const Archive& input) {
  JsonWriter json;
  json.BeginObject()
      .Member("schema_version", 1)
      .Member("tool", fmt::format("compress {}", kVersion))
      .Member("method", method)
      .Member("input_sha256", Sha256::Of(input.bytes()).Hex())
      .Member("input_bytes", input.file_size());
  // What the input said of itself.
  if (const auto before = input.ReadExtra(kProvenanceRecord); before.ok()) {
    if (ParseJsonMembers(*before).ok()) json.Key("input").Raw(*before);
  }
  return json.EndObject().Take();
}

}  // namespace fedge
