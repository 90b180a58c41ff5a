#include "fedge/cli/value.h"

#include <gtest/gtest.h>

namespace fedge::cli {
namespace {

struct DurationCase {
  const char* text;
  std::int64_t milliseconds;
  const char* written;
};

TEST(DurationTest, ReadsUnitsAndWritesTheShortestExactForm) {
  for (const DurationCase& c : {DurationCase{"500ms", 500, "500ms"},
                                {"30s", 30'000, "30s"},
                                {"2m", 120'000, "2m"},
                                {"1h30m", 5'400'000, "1h30m"},
                                {"1.5s", 1'500, "1s500ms"},
                                {"7d", 604'800'000, "7d"},
                                {"0", 0, "0s"},
                                {"0s", 0, "0s"},
                                {"90s", 90'000, "1m30s"}}) {
    const Result<Duration> duration = ParseDuration(c.text);
    ASSERT_TRUE(duration.ok()) << c.text << ": " << duration.status().message();
    EXPECT_EQ(duration->count(), c.milliseconds) << c.text;
    EXPECT_EQ(FormatDuration(*duration), c.written);
    EXPECT_EQ(ParseDuration(c.written)->count(), c.milliseconds);
  }
}

TEST(DurationTest, RefusesWhatIsAmbiguous) {
  for (const char* const text : {"", "120", "2x", "m", "-5s", "1m1h", "5s5s", "1e3s", "2 m", "s30",
                                 "1.2.3s", "nan", "99999999d", "0.0001ms"}) {
    const Result<Duration> duration = ParseDuration(text);
    EXPECT_FALSE(duration.ok()) << text;
    EXPECT_EQ(duration.status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(BytesTest, ReadsBinaryAndDecimalUnits) {
  EXPECT_EQ(*ParseBytes("512"), 512u);
  EXPECT_EQ(*ParseBytes("64KiB"), 65'536u);
  EXPECT_EQ(*ParseBytes("64k"), 65'536u);
  EXPECT_EQ(*ParseBytes("1.5GiB"), 1'610'612'736u);
  EXPECT_EQ(*ParseBytes("10MB"), 10'000'000u);
  for (const char* const text : {"", "MB", "-1", "1XB", "1KiB2", "99999999999TiB"}) {
    EXPECT_FALSE(ParseBytes(text).ok()) << text;
  }
  EXPECT_EQ(FormatBytes(4u << 20), "4MiB");
  EXPECT_EQ(FormatBytes(1000), "1000");
  EXPECT_EQ(FormatBytes(0), "0");
}

TEST(NumberTest, TakesTheWholeTextOnly) {
  EXPECT_EQ(*ParseInteger("-50_000"), -50'000);
  EXPECT_EQ(*ParseUnsigned("+7"), 7u);
  EXPECT_DOUBLE_EQ(*ParseNumber("3e-4"), 3e-4);
  EXPECT_EQ(FormatNumber(0.1), "0.1");
  for (const char* const text : {"", "5x", "1.5", "_5", "5_", "0x10", "99999999999999999999"}) {
    EXPECT_FALSE(ParseInteger(text).ok()) << text;
  }
  EXPECT_FALSE(ParseUnsigned("-1").ok());
  for (const char* const text : {"", "nan", "inf", "1e999", "1,5", "--1"}) {
    EXPECT_FALSE(ParseNumber(text).ok()) << text;
  }
}

TEST(BoolTest, KnowsTheUsualWords) {
  EXPECT_TRUE(*ParseBool("yes"));
  EXPECT_FALSE(*ParseBool("off"));
  EXPECT_FALSE(ParseBool("maybe").ok());
}

}  // namespace
}  // namespace fedge::cli
