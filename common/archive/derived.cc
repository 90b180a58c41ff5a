#include "fedge/archive/derived.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "fedge/archive/json_document.h"
#include "fedge/common/json.h"

namespace fedge {
namespace {

constexpr std::int64_t kDerivedVersion = 1;

// Numbers are texts: JSON readers commonly lose digits beyond 2^53.
template <typename T>
bool ParseNumber(const std::string& text, int base, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size();
}

Result<DerivedSource> ReadSource(const rapidjson::Value& value, const std::string& where) {
  if (!value.IsObject()) return InvalidArgument("'{}' is no object", where);
  DerivedSource source;
  FEDGE_ASSIGN_OR_RETURN(source.record, internal::StringMember(value, "record", where));
  FEDGE_ASSIGN_OR_RETURN(const std::string size, internal::StringMember(value, "size", where));
  FEDGE_ASSIGN_OR_RETURN(const std::string crc, internal::StringMember(value, "crc32", where));
  FEDGE_ASSIGN_OR_RETURN(const std::string sha256, internal::StringMember(value, "sha256", where));
  if (!ParseNumber(size, 10, source.size)) return InvalidArgument("'{}.size' is no number", where);
  if (!ParseNumber(crc, 16, source.crc32))
    return InvalidArgument("'{}.crc32' is no hexadecimal number", where);
  if (!Digest::FromHex(sha256, source.sha256))
    return InvalidArgument("'{}.sha256' is no SHA-256", where);
  return source;
}

Result<DerivedRecord> ReadRecord(const rapidjson::Value& value, const std::string& where) {
  if (!value.IsObject()) return InvalidArgument("'{}' is no object", where);
  DerivedRecord record;
  FEDGE_ASSIGN_OR_RETURN(record.name, internal::StringMember(value, "record", where));
  FEDGE_ASSIGN_OR_RETURN(const rapidjson::Value* sources,
                         internal::ArrayMember(value, "sources", where));
  for (const rapidjson::Value& item : sources->GetArray()) {
    FEDGE_ASSIGN_OR_RETURN(
        DerivedSource source,
        ReadSource(item, fmt::format("{}.sources[{}]", where, record.sources.size())));
    record.sources.push_back(std::move(source));
  }
  return record;
}

Status CheckSource(const Archive& archive, const DerivedSource& source, DerivedCheck check) {
  const RecordInfo* record = archive.FindRecord(source.record);
  if (record == nullptr || record->size != source.size || record->crc32 != source.crc32) {
    return FailedPrecondition("was computed from other values of '{}'", source.record);
  }
  if (check == DerivedCheck::kDirectory) return OkStatus();
  FEDGE_ASSIGN_OR_RETURN(const std::string content, archive.ReadRecord(source.record));
  if (Sha256::Of(AsBytes(content)) == source.sha256) return OkStatus();
  return FailedPrecondition("was computed from other values of '{}'", source.record);
}

}  // namespace

std::string DerivedToJson(const std::vector<DerivedRecord>& records) {
  JsonWriter json;
  json.BeginObject().Member("schema_version", kDerivedVersion).Key("derived").BeginArray();
  for (const DerivedRecord& record : records) {
    json.BeginObject().Member("record", record.name).Key("sources").BeginArray();
    for (const DerivedSource& source : record.sources) {
      json.BeginObject()
          .Member("record", source.record)
          .Member("size", std::to_string(source.size))
          .Member("crc32", fmt::format("{:08x}", source.crc32))
          .Member("sha256", source.sha256.Hex())
          .EndObject();
    }
    json.EndArray().EndObject();
  }
  json.EndArray().EndObject();
  return json.Take();
}

Result<std::vector<DerivedRecord>> DerivedFromJson(std::string_view json) {
  FEDGE_ASSIGN_OR_RETURN(const rapidjson::Document document,
                         internal::ParseJsonObject(json, kDerivedVersion));
  FEDGE_ASSIGN_OR_RETURN(const rapidjson::Value* values,
                         internal::ArrayMember(document, "derived", ""));
  std::vector<DerivedRecord> records;
  for (const rapidjson::Value& value : values->GetArray()) {
    FEDGE_ASSIGN_OR_RETURN(DerivedRecord record,
                           ReadRecord(value, fmt::format("derived[{}]", records.size())));
    records.push_back(std::move(record));
  }
  return records;
}

Result<std::vector<DerivedRecord>> ReadDerived(const Archive& archive) {
  if (!archive.HasExtra(kDerivedRecord)) return std::vector<DerivedRecord>();
  FEDGE_ASSIGN_OR_RETURN(const std::string json, archive.ReadExtra(kDerivedRecord));
  auto records = DerivedFromJson(json);
  if (!records.ok()) {
    return std::move(records).status().WithContext(
        fmt::format("{}: record 'extra/{}'", archive.path(), kDerivedRecord));
  }
  return records;
}

Status CheckDerived(const Archive& archive, std::string_view name, DerivedCheck check) {
  if (!archive.HasExtra(name))
    return NotFound("{}: has no record 'extra/{}'", archive.path(), name);
  FEDGE_ASSIGN_OR_RETURN(const auto records, ReadDerived(archive));
  const auto found = std::find_if(records.begin(), records.end(),
                                  [&](const DerivedRecord& record) { return record.name == name; });
  if (found == records.end() || found->sources.empty()) {
    return FailedPrecondition(
        "{}: record 'extra/{}' does not say which tensors it was computed from", archive.path(),
        name);
  }
  for (const DerivedSource& source : found->sources) {
    const Status status = CheckSource(archive, source, check);
    if (!status.ok())
      return status.WithContext(fmt::format("{}: record 'extra/{}'", archive.path(), name));
  }
  return OkStatus();
}

}  // namespace fedge
