#include "fedge/common/json.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fedge {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(JsonWriterTest, WritesNumbersAsNumbersAndNanAsNull) {
  JsonWriter json;
  json.BeginObject()
      .Member("text", "a \"b\"\n")
      .Member("big", std::numeric_limits<std::uint64_t>::max())
      .Member("negative", -5)
      .Member("real", 0.1)
      .Member("nan", std::nan(""))
      .Member("flag", true)
      .Member("nothing", std::optional<int>())
      .Member("something", std::optional<double>(2.5))
      .Key("list")
      .BeginArray()
      .Value(1u)
      .Raw("{\"a\":1}")
      .EndArray()
      .EndObject();
  EXPECT_EQ(json.Take(),
            "{\"text\":\"a \\\"b\\\"\\n\",\"big\":18446744073709551615,\"negative\":-5,"
            "\"real\":0.1,\"nan\":null,\"flag\":true,\"nothing\":null,\"something\":2.5,"
            "\"list\":[1,{\"a\":1}]}");
  json.BeginArray().EndArray();
  EXPECT_EQ(json.Take(), "[]");
}

TEST(JsonWriterTest, ReplacesBytesThatAreNotUtf8) {
  const auto written = [](std::string_view text) {
    JsonWriter json;
    json.Value(text);
    return json.Take();
  };
  EXPECT_EQ(written("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
            "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  for (const char* const bad : {"\xFF", "\xC3", "\x80", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80"}) {
    EXPECT_THAT(written(bad), HasSubstr("\xEF\xBF\xBD")) << bad;
  }
}

TEST(ParseJsonMembersTest, FlattensAnObject) {
  const auto members = ParseJsonMembers(
      R"({"run": 3, "by": {"tool": "fedge", "v": [1, {"x": null}, 2e1]}, "ok": true})");
  ASSERT_TRUE(members.ok()) << members.status().message();
  EXPECT_THAT(*members,
              ElementsAre(Pair("run", "3"), Pair("by.tool", "fedge"), Pair("by.v.0", "1"),
                          Pair("by.v.1.x", "null"), Pair("by.v.2", "2e1"), Pair("ok", "true")));
}

TEST(ParseJsonMembersTest, IsBoundedByTheText) {
  std::string text = "{\"" + std::string(100'000, 'k') + "\":[0";
  for (int i = 1; i < 50'000; ++i) text += ",0";
  EXPECT_FALSE(ParseJsonMembers(text + "]}").ok());
  std::string flat = "{\"k\":[0";
  for (int i = 1; i < 50'000; ++i) flat += ",0";
  EXPECT_TRUE(ParseJsonMembers(flat + "]}").ok());
}

TEST(ParseJsonMembersTest, RefusesWhatIsNoObject) {
  const std::string deep = [] {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += "{\"a\":";
    return text;
  }();
  for (const std::string& text :
       {std::string(""), std::string("1"), std::string("[1]"), std::string("{\"a\":}"),
        std::string("{} x"), std::string("{\"a\":\"\xFF\"}"), deep}) {
    EXPECT_FALSE(ParseJsonMembers(text).ok()) << text.substr(0, 20);
  }
}

}  // namespace
}  // namespace fedge
