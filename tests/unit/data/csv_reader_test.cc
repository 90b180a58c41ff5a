#include "fedge/data/formats/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_files.h"

namespace fedge::data {
namespace {

using Records = std::vector<std::vector<std::string>>;

Result<Records> Read(std::string_view text) {
  ByteSource source = SourceOf(text, "t.csv");
  CsvReader reader(source);
  Records records;
  while (true) {
    FEDGE_ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) return records;
    records.emplace_back(reader.cells().begin(), reader.cells().end());
  }
}

struct Case {
  std::string_view text;
  Records records;
};

TEST(CsvReaderTest, ReadsWhatRfc4180Allows) {
  const std::vector<Case> cases{
      {"", {}},
      {"\n\r\n\n", {}},
      {"a,b\n1,2\n", {{"a", "b"}, {"1", "2"}}},
      {"a,b\r\n1,2\r\n", {{"a", "b"}, {"1", "2"}}},
      {"a,b", {{"a", "b"}}},
      {"a,", {{"a", ""}}},
      {",\n,", {{"", ""}, {"", ""}}},
      {"a\n\n\nb\n", {{"a"}, {"b"}}},
      {"\xEF\xBB\xBF"
       "a,b\n",
       {{"a", "b"}}},
      {"\"a,b\",c\n", {{"a,b", "c"}}},
      {"\"a\nb\",\"c\r\nd\"\n", {{"a\nb", "c\r\nd"}}},
      {"\"say \"\"hi\"\"\",\"\"\n", {{"say \"hi\"", ""}}},
      {"\"a\" ,\"b\"\r\n", {{"a", "b"}}},
      {"\"\"\n1,2\n", {{""}, {"1", "2"}}},
      {"\"a\",\"b\"", {{"a", "b"}}},
      {"a;b,c;d\n", {{"a", "b,c", "d"}}},
      {"a\tb\n", {{"a", "b"}}},
      {"\"x,y,z\";b\n", {{"x,y,z", "b"}}},
      {"\n\nx;y\n", {{"x", "y"}}},
  };
  for (const Case& c : cases) {
    const auto records = Read(c.text);
    ASSERT_TRUE(records.ok()) << c.text << ": " << records.status().ToString();
    EXPECT_EQ(*records, c.records) << c.text;
  }
}

TEST(CsvReaderTest, NamesTheLineOfWhatIsBroken) {
  using namespace std::string_view_literals;
  const std::vector<std::pair<std::string_view, std::string>> cases{
      {"a,b\n1,\"2\n3,4\n", "t.csv:2: a quote that opens in this record never closes"},
      {"a,b\n1,2\"3\n", "t.csv:2: a quote inside a cell that does not begin with one"},
      {"a\n\"b\"c\n", "t.csv:2: text after a closing quote"},
      {"a\n\"b\" \"c\"\n", "t.csv:2: text after a closing quote"},
      {"\"a\nb\"\nc\0d\n"sv, "t.csv:3: holds a NUL byte; expected delimited text"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(Read(text).status().message(), message);
}

TEST(CsvReaderTest, CountsLinesAcrossQuotedOnesAndBlankOnes) {
  ByteSource source = SourceOf("a\n\n\"b\nc\"\nd\n", "t.csv");
  CsvReader reader(source);
  std::vector<std::uint64_t> lines;
  while (reader.Next().value()) lines.push_back(reader.line());
  EXPECT_EQ(lines, (std::vector<std::uint64_t>{1, 3, 5}));
}

TEST(CsvReaderTest, ReadsAcrossBufferBoundaries) {
  std::string text;
  Records expected;
  for (int i = 0; i < 30000; ++i) {
    text += fmt::format("{},\"x{}\"\r\n", i, i);
    expected.push_back({std::to_string(i), fmt::format("x{}", i)});
  }
  EXPECT_EQ(Read(text).value(), expected);
}

TEST(CsvReaderTest, RefusesARecordWithoutEnd) {
  const std::string text = "a,b\n\"" + std::string((16 << 20) + 10, 'x');
  EXPECT_THAT(Read(text).status().message(),
              ::testing::StartsWith("t.csv:2: a record of more than 16 MiB"));
}

}  // namespace
}  // namespace fedge::data
