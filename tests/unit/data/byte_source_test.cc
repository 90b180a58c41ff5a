#include "fedge/data/byte_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/testing/temp_directory.h"
#include "test_files.h"

namespace fedge::data {
namespace {

using ::testing::HasSubstr;

std::string Pattern(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>((i * i + i / 251) % 256));
  return text;
}

TEST(ByteSourceTest, YieldsPlainAndGzipFilesAlike) {
  const fedge::testing::TempDirectory folder;
  const std::string content = Pattern(1'000'003);  // several buffers
  for (const bool gzip : {false, true}) {
    const std::string path = folder.File("data");
    WriteTo(path, gzip ? Gzip(content) : content);
    auto source = ByteSource::Open(path);
    ASSERT_TRUE(source.ok()) << source.status().ToString();
    EXPECT_EQ(source->ReadAll().value(), content);
    EXPECT_TRUE(source->AtEnd().value());
    EXPECT_EQ(source->offset(), content.size());
  }
}

TEST(ByteSourceTest, JoinsTheMembersOfAGzipFile) {
  const std::string bytes = Gzip("one ") + Gzip("") + Gzip("two");
  EXPECT_EQ(SourceOf(bytes).ReadAll().value(), "one two");
}

TEST(ByteSourceTest, ReadsAnEmptyFile) {
  EXPECT_EQ(SourceOf("").ReadAll().value(), "");
  EXPECT_TRUE(SourceOf("").AtEnd().value());
}

TEST(ByteSourceTest, NamesAFileThatIsNotThere) {
  const auto source = ByteSource::Open("/nowhere/data");
  EXPECT_EQ(source.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(source.status().message(), HasSubstr("/nowhere/data"));
}

TEST(ByteSourceTest, PeekingForTheEndLosesNothing) {
  ByteSource source = SourceOf("abc");
  std::string out(3, '\0');
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(source.AtEnd().value());
    EXPECT_FALSE(source.AtEnd().value());
    EXPECT_EQ(source.offset(), i);
    EXPECT_TRUE(
        source.ReadExactly(std::as_writable_bytes(std::span(out).subspan(i, 1)), "a letter").ok());
  }
  EXPECT_EQ(out, "abc");
  EXPECT_TRUE(source.AtEnd().value());
}

TEST(ByteSourceTest, SaysHowMuchIsMissing) {
  ByteSource source = SourceOf("abc", "short.bin");
  std::vector<std::uint8_t> out;
  const Status status = source.Append(10, "the pixels", out);
  EXPECT_EQ(status,
            DataLoss("short.bin: ends after 3 bytes, inside the pixels: 7 bytes are missing"));
}

TEST(ByteSourceTest, EveryTruncationOfAGzipFileIsAnError) {
  const std::string bytes = Gzip(Pattern(5000));
  for (std::size_t size = 2; size < bytes.size(); ++size) {
    const std::string torn = bytes.substr(0, size);
    const auto read = SourceOf(torn).ReadAll();
    ASSERT_EQ(read.status().code(), StatusCode::kDataLoss) << size;
    EXPECT_THAT(read.status().message(), HasSubstr("truncated"));
  }
}

TEST(ByteSourceTest, EveryDamagedByteOfAGzipFileIsNoticedOrHarmless) {
  const std::string content = Pattern(3000);
  const std::string bytes = Gzip(content);
  for (std::size_t i = 2; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    const auto read = SourceOf(damaged).ReadAll();
    if (read.ok()) {
      EXPECT_EQ(*read, content) << i;  // the time stamp, the operating system ...
    }
  }
}

TEST(ByteSourceTest, RefusesBytesAfterTheGzipStream) {
  const std::string bytes = Gzip("data") + "rubbish";
  const auto read = SourceOf(bytes, "x.gz").ReadAll();
  EXPECT_EQ(read.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(read.status().message(), HasSubstr("x.gz: 7 bytes at offset"));
}

TEST(ByteSourceTest, KnowsAnUpperBoundOfWhatIsLeft) {
  const std::string zeros(3'000'000, '\0');  // what deflate compresses best
  for (const std::string& bytes : {zeros, Gzip(zeros)}) {
    ByteSource source = SourceOf(bytes);
    std::vector<std::uint8_t> out;
    for (std::size_t left = zeros.size(); left > 0; left -= 100'000) {
      EXPECT_GE(source.max_bytes_left(), left);
      ASSERT_TRUE(source.Append(100'000, "zeros", out).ok());
    }
    EXPECT_LT(source.max_bytes_left(), 50'000U);
  }
}

TEST(ByteSourceTest, StopsAtItsLimitWhateverTheFileInflatesTo) {
  const std::string bomb = Gzip(std::string(10'000'000, '\0'));
  ByteSource source = SourceOf(bomb, "bomb.gz");
  source.set_limit(1'000'000);
  const auto read = source.ReadAll();
  EXPECT_EQ(read.status(), ResourceExhausted("bomb.gz: holds more than the 1000000 bytes allowed"));
}

}  // namespace
}  // namespace fedge::data
