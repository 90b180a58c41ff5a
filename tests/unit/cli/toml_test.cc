#include "fedge/cli/toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fedge::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(TomlTest, ReadsWhatOptionsNeed) {
  const auto items = ParseToml(
      "# a comment\n"
      "listen = \"[::1]:8470\"  # and one here\n"
      "path = 'C:\\dir#1, two'\r\n"
      "rounds = 1_000\n"
      "quiet=true\n"
      "\n"
      "[start-round]\n"
      "lr = 3e-4\n"
      "where = { site = \"eu\", \"os\" = 'linux' }\n"
      "files = [ 'a', # first\n"
      "          \"b\",\n"
      "        ]\n"
      "train.seed = -1\n"
      "[ rounds . \"list\" ]\n"
      "text = \"tab\\t quote\\\" \\u00e9\"\n");
  ASSERT_TRUE(items.ok()) << items.status().message();
  ASSERT_EQ(items->size(), 9u);
  EXPECT_THAT((*items)[0].values, ElementsAre("[::1]:8470"));
  EXPECT_THAT((*items)[1].values, ElementsAre("C:\\dir#1, two"));
  EXPECT_THAT((*items)[2].values, ElementsAre("1_000"));
  EXPECT_THAT((*items)[4].path, ElementsAre("start-round", "lr"));
  EXPECT_EQ((*items)[4].line, 8u);
  EXPECT_THAT((*items)[5].values, ElementsAre("site=eu", "os=linux"));
  EXPECT_THAT((*items)[6].values, ElementsAre("a", "b"));
  EXPECT_TRUE((*items)[6].array);
  EXPECT_THAT((*items)[7].path, ElementsAre("start-round", "train", "seed"));
  EXPECT_THAT((*items)[8].path, ElementsAre("rounds", "list", "text"));
  EXPECT_THAT((*items)[8].values, ElementsAre("tab\t quote\" \xC3\xA9"));
}

TEST(TomlTest, AnEmptyFileHasNoItems) {
  EXPECT_THAT(*ParseToml(""), IsEmpty());
  EXPECT_THAT(*ParseToml("\xEF\xBB\xBF\n  # only a comment"), IsEmpty());
}

struct Malformed {
  const char* text;
  const char* message;
};

TEST(TomlTest, NamesTheLineOfWhatIsWrong) {
  for (const Malformed& c : {
           Malformed{"rounds", "1: '=' is missing after 'rounds'"},
           {"a = 1\nb = \"open", "2: a closing quote is missing"},
           {"\n\na = ", "3: a value is missing"},
           {"a = hello", "1: hello is neither a number"},
           {"a = 2024-01-01", "neither a number"},
           {"a = 1 2", "1: more text after the end of a value"},
           {"a = [1, 2", "1: ',' or ']' is missing"},
           {"a = [[1]]", "1: a value is missing"},
           {"a = {b.c = 1}", "1: write an inline table as"},
           {"a = {b = 1", "1: '}' is missing"},
           {"[a", "1: ']' is missing"},
           {"[a]\n[a]", "2: this table is there twice"},
           {"[[a]]", "1: arrays of tables are not used here"},
           {"a = 1\na = 2", "2: 'a' is there twice"},
           {"= 1", "1: a key is missing"},
           {"a = \"\"\"x\"\"\"", "1: texts over several lines are not used here"},
           {"a = \"\\q\"", "1: unknown escape"},
           {"a = \"\\u12\"", "1: an escape needs hexadecimal digits"},
           {"a = \"\\ud800\"", "1: no such character"},
           {"a = \"\\", "1: unknown escape"},
       }) {
    const auto items = ParseToml(c.text);
    ASSERT_FALSE(items.ok()) << c.text;
    EXPECT_THAT(items.status().message(), HasSubstr(c.message)) << c.text;
  }
}

TEST(TomlTest, EveryPrefixOfAFileIsReadOrRefused) {
  const std::string text = "[t]\na = \"x\\u00e9\"\nb = [1, 'two', \"3\"]\nc = { d = true }\n";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string prefix = text.substr(0, size);
    const auto items = ParseToml(prefix);
    if (items.ok()) {
      EXPECT_LE(items->size(), 3u);
    }
  }
}

TEST(TomlTest, QuotedTextReadsBackTheSame) {
  std::string text = "quote \" backslash \\ # [] \xC3\xA9";
  for (char c = 1; c < 0x20; ++c) text += c;
  text += '\x7F';
  const auto items = ParseToml("a = " + TomlQuote(text));
  ASSERT_TRUE(items.ok()) << items.status().message();
  EXPECT_THAT(items->front().values, ElementsAre(text));
}

}  // namespace
}  // namespace fedge::cli
