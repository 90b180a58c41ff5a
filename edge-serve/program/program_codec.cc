#include "fedge/program/program_codec.h"

#include <algorithm>
#include <set>

#include "fedge/archive/derived.h"
#include "fedge/program/codec_ops.h"
#include "fedge/program/strides.h"
#include "fedge/program/wire_scan.h"

namespace fedge {
namespace {

constexpr std::uint32_t kSchemaVersion = 1;
constexpr std::string_view kInt8 = "int8";  // the feature of programs with integer layers
// Of Program, which is what bounds a parsed program's memory: each is at most one message.
constexpr std::size_t kMaxFields = 1 << 16;

Status CheckBounds(std::string_view bytes) {
  if (bytes.size() > kMaxProgramBytes) {
    return ResourceExhausted("has {} bytes; at most {} are read", bytes.size(), kMaxProgramBytes);
  }
  const auto fields = internal::CountFields(bytes, 1);
  if (!fields.has_value()) return InvalidArgument("is no edge program");
  if (*fields > kMaxFields) {
    return ResourceExhausted("has {} values and nodes; at most {} are read", *fields, kMaxFields);
  }
  return OkStatus();
}

void ValueToProto(const Value& value, v1::Value& out) {
  out.set_name(value.name);
  out.set_dtype(internal::ToProto(value.dtype));
  for (const Dim& dim : value.shape) out.add_sizes(dim.base);
  if (std::any_of(value.shape.begin(), value.shape.end(),
                  [](const Dim& dim) { return !dim.is_constant(); })) {
    for (const Dim& dim : value.shape) out.add_per_batch(dim.per_batch);
  }
  if (!value.constant.has_value()) return;
  v1::Constant& constant = *out.mutable_constant();
  constant.set_record(value.constant->record);
  constant.set_byte_offset(value.constant->byte_offset);
  const auto row_major = internal::RowMajorStrides(At(value.shape, 1));
  if (row_major == value.constant->strides) return;
  for (const std::int64_t stride : value.constant->strides) {
    constant.add_strides(static_cast<std::uint64_t>(stride));
  }
}

Result<ConstantRef> ConstantFromProto(const v1::Constant& constant, const Shape& shape) {
  ConstantRef ref{constant.record(), constant.byte_offset(), {}};
  for (const std::uint64_t stride : constant.strides()) {
    if (stride > static_cast<std::uint64_t>(kMaxElements)) {
      return InvalidArgument("has a stride of {}", stride);
    }
    ref.strides.push_back(static_cast<std::int64_t>(stride));
  }
  if (!constant.strides().empty()) return ref;
  const auto row_major = internal::RowMajorStrides(At(shape, 1));
  if (!row_major.has_value()) return InvalidArgument("is too large");
  ref.strides = *row_major;
  return ref;
}

Result<Value> ValueFromProto(const v1::Value& value) {
  Value out;
  out.name = value.name();
  FEDGE_ASSIGN_OR_RETURN(out.dtype, internal::FromProto(value.dtype()));
  if (value.sizes_size() > static_cast<int>(kMaxRank)) {
    return InvalidArgument("has {} dimensions; {} are possible", value.sizes_size(), kMaxRank);
  }
  if (value.per_batch_size() != 0 && value.per_batch_size() != value.sizes_size()) {
    return InvalidArgument("has {} sizes, but says of {} how they grow", value.sizes_size(),
                           value.per_batch_size());
  }
  for (int i = 0; i < value.sizes_size(); ++i) {
    const std::int64_t per_batch = value.per_batch_size() == 0 ? 0 : value.per_batch(i);
    constexpr std::int64_t kMax = std::int64_t{1} << 40;
    if (value.sizes(i) < -kMax || value.sizes(i) > kMax || per_batch < -kMax || per_batch > kMax) {
      return InvalidArgument("has sizes beyond 2^40");
    }
    out.shape.emplace_back(value.sizes(i), per_batch);
  }
  if (value.has_constant()) {
    FEDGE_ASSIGN_OR_RETURN(out.constant, ConstantFromProto(value.constant(), out.shape));
  }
  return out;
}

void NodeToProto(const Node& node, v1::Node& out) {
  for (const ValueId id : node.inputs) out.add_inputs(id + 1);  // kAbsent + 1 is 0
  for (const ValueId id : node.outputs) out.add_outputs(id);
  out.set_name(node.name);
  out.set_source(node.source);
  internal::OpToProto(node.op, out);
}

Result<Node> NodeFromProto(const v1::Node& node) {
  Node out;
  FEDGE_ASSIGN_OR_RETURN(out.op, internal::OpFromProto(node));
  for (const std::uint32_t id : node.inputs()) out.inputs.push_back(id - 1);
  out.outputs.assign(node.outputs().begin(), node.outputs().end());
  out.name = node.name();
  out.source = node.source();
  return out;
}

Result<Program> FromProto(const v1::Program& program) {
  if (program.schema_version() != kSchemaVersion) {
    return Unimplemented("is of schema version {}; this program reads {}", program.schema_version(),
                         kSchemaVersion);
  }
  for (const std::string& feature : program.features()) {
    if (feature == kInt8) continue;
    return Unimplemented("needs '{:.80}', which this program does not know: use a newer one",
                         feature);
  }
  Program out;
  for (const v1::Value& value : program.values()) {
    auto read = ValueFromProto(value);
    if (!read.ok()) {
      return std::move(read).status().WithContext(fmt::format("value {}", out.values.size()));
    }
    out.values.push_back(std::move(read).value());
  }
  for (const v1::Node& node : program.nodes()) {
    auto read = NodeFromProto(node);
    if (!read.ok()) {
      return std::move(read).status().WithContext(fmt::format("node {}", out.nodes.size()));
    }
    out.nodes.push_back(std::move(read).value());
  }
  for (const v1::Port& port : program.inputs()) out.inputs.push_back({port.name(), port.value()});
  for (const v1::Port& port : program.outputs()) out.outputs.push_back({port.name(), port.value()});
  return out;
}

// Constants are of tensors that the program names as its sources: those that were checked.
Status CheckSources(const Archive& archive, const Program& program) {
  std::set<std::string_view> records;
  for (const Value& value : program.values) {
    if (value.constant.has_value()) records.insert(value.constant->record);
  }
  if (records.empty()) return OkStatus();  // computed from nothing
  if (const std::string constants = fmt::format("extra/{}", kConstantsRecord);
      records.erase(constants) > 0 && records.empty()) {
    return OkStatus();
  }
  FEDGE_RETURN_IF_ERROR(CheckDerived(archive, kProgramRecord));
  FEDGE_ASSIGN_OR_RETURN(const auto derived, ReadDerived(archive));
  for (const DerivedRecord& record : derived) {
    if (record.name != kProgramRecord) continue;
    for (const DerivedSource& source : record.sources) records.erase(source.record);
  }
  if (records.empty()) return OkStatus();
  return FailedPrecondition(
      "{}: the edge program has constants in '{:.80}', which it was not computed from",
      archive.path(), *records.begin());
}

}  // namespace

std::string ProgramToBytes(const Program& program) {
  v1::Program out;
  out.set_schema_version(kSchemaVersion);
  if (std::any_of(program.nodes.begin(), program.nodes.end(),
                  [](const Node& node) { return IsQuantized(node.op); })) {
    out.add_features(std::string(kInt8));
  }
  for (const Value& value : program.values) ValueToProto(value, *out.add_values());
  for (const Node& node : program.nodes) NodeToProto(node, *out.add_nodes());
  const auto add = [](const Port& port, v1::Port& to) {
    to.set_name(port.name);
    to.set_value(port.value);
  };
  for (const Port& port : program.inputs) add(port, *out.add_inputs());
  for (const Port& port : program.outputs) add(port, *out.add_outputs());
  return out.SerializeAsString();
}

Result<Program> ProgramFromBytes(std::string_view bytes) {
  FEDGE_RETURN_IF_ERROR(CheckBounds(bytes));
  v1::Program program;
  if (!program.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return InvalidArgument("is no edge program");
  }
  return FromProto(program);
}

Result<Program> ReadProgram(const Archive& archive) {
  const RecordInfo* record = archive.FindRecord(fmt::format("extra/{}", kProgramRecord));
  if (record == nullptr) {
    return NotFound("{}: carries no edge program; make one with compress", archive.path());
  }
  const std::string where = fmt::format("{}: edge program", archive.path());
  if (record->size > kMaxProgramBytes) {
    return ResourceExhausted("{}: has {} bytes; at most {} are read", where, record->size,
                             kMaxProgramBytes);
  }
  FEDGE_ASSIGN_OR_RETURN(const std::string bytes, archive.ReadExtra(kProgramRecord));
  auto program = ProgramFromBytes(bytes);
  if (!program.ok()) return std::move(program).status().WithContext(where);
  if (const Status status = Validate(*program); !status.ok()) return status.WithContext(where);
  FEDGE_RETURN_IF_ERROR(CheckSources(archive, *program));
  return program;
}

}  // namespace fedge
