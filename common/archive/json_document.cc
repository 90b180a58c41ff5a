#include "fedge/archive/json_document.h"

#include <algorithm>

#include <rapidjson/error/en.h>

namespace fedge::internal {
namespace {

constexpr int kMaxDepth = 16;

// How deep the brackets outside of strings are nested; cheap enough to ask before a tree is built.
int Depth(std::string_view json) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

const rapidjson::Value* Find(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() || found->value.IsNull() ? nullptr : &found->value;
}

const rapidjson::Value& EmptyArray() {
  static const rapidjson::Value empty(rapidjson::kArrayType);
  return empty;
}

}  // namespace

std::string MemberPath(std::string_view where, std::string_view name) {
  return where.empty() ? std::string(name) : fmt::format("{}.{}", where, name);
}

Result<rapidjson::Document> ParseJsonObject(std::string_view json, std::int64_t version) {
  if (Depth(json) > kMaxDepth) return InvalidArgument("is nested deeper than {}", kMaxDepth);
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      json.data(), json.size());
  if (document.HasParseError()) {
    return InvalidArgument("is no JSON at byte {}: {}", document.GetErrorOffset(),
                           rapidjson::GetParseError_En(document.GetParseError()));
  }
  if (!document.IsObject()) return InvalidArgument("is no JSON object");
  FEDGE_ASSIGN_OR_RETURN(const std::int64_t found, IntegerMember(document, "schema_version", ""));
  if (found != version)
    return InvalidArgument("'schema_version' is {}; this program reads {}", found, version);
  return document;
}

Result<std::string> StringMember(const rapidjson::Value& object, const char* name,
                                 std::string_view where) {
  const rapidjson::Value* member = Find(object, name);
  if (member == nullptr) return std::string();
  if (!member->IsString()) return InvalidArgument("'{}' is no string", MemberPath(where, name));
  return std::string(member->GetString(), member->GetStringLength());
}

Result<const rapidjson::Value*> ArrayMember(const rapidjson::Value& object, const char* name,
                                            std::string_view where) {
  const rapidjson::Value* member = Find(object, name);
  if (member == nullptr) return &EmptyArray();
  if (!member->IsArray()) return InvalidArgument("'{}' is no array", MemberPath(where, name));
  return member;
}

Result<std::int64_t> IntegerMember(const rapidjson::Value& object, const char* name,
                                   std::string_view where) {
  const rapidjson::Value* member = Find(object, name);
  if (member == nullptr) return InvalidArgument("'{}' is missing", MemberPath(where, name));
  if (!member->IsInt64()) return InvalidArgument("'{}' is no integer", MemberPath(where, name));
  return member->GetInt64();
}

}  // namespace fedge::internal
