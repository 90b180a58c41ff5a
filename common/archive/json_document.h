#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <rapidjson/document.h>

#include "fedge/common/result.h"

// Reading the JSON records of an archive: strict, of bounded depth, every error names the member.
namespace fedge::internal {

// An object whose "schema_version" is `version`. kInvalidArgument for anything else, deeper than 16
// or not UTF-8.
Result<rapidjson::Document> ParseJsonObject(std::string_view json, std::int64_t version);

// Members of `object`; `where` names it in messages ("inputs[0]"; empty for the document).
// An absent string is empty, an absent array has no elements; kInvalidArgument for a member of
// another type.
Result<std::string> StringMember(const rapidjson::Value& object, const char* name,
                                 std::string_view where);
Result<const rapidjson::Value*> ArrayMember(const rapidjson::Value& object, const char* name,
                                            std::string_view where);
// kInvalidArgument also if it is absent.
Result<std::int64_t> IntegerMember(const rapidjson::Value& object, const char* name,
                                   std::string_view where);

// "inputs[2]", "a.b".
std::string MemberPath(std::string_view where, std::string_view name);

}  // namespace fedge::internal
