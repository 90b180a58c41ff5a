#include "fedge/fedctl/format.h"

#include <cmath>

#include <gtest/gtest.h>

#include "fedge/fedctl/table.h"

namespace fedge::fedctl {
namespace {

TEST(FormatTest, BytesHaveUnitsOfAThousand) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(1000), "1.00 kB");
  EXPECT_EQ(HumanBytes(530'000), "530.0 kB");
  EXPECT_EQ(HumanBytes(999'960), "1.00 MB");
  EXPECT_EQ(HumanBytes(53'000'000), "53.0 MB");
  EXPECT_EQ(HumanBytes(~std::uint64_t{0}), "18446.7 PB");
}

TEST(FormatTest, TimesHaveTwoUnitsAtMost) {
  EXPECT_EQ(HumanSeconds(0.123), "0.12 s");
  EXPECT_EQ(HumanSeconds(12.34), "12.3 s");
  EXPECT_EQ(HumanSeconds(99.96), "1m40s");
  EXPECT_EQ(HumanSeconds(3599.6), "1h00m");
  EXPECT_EQ(HumanSeconds(100'000), "1d03h");
  EXPECT_EQ(HumanSeconds(-1), "-");
  EXPECT_EQ(HumanSeconds(std::nan("")), "-");
  EXPECT_EQ(HumanDuration(Duration(1500)), "1.50 s");
}

TEST(FormatTest, NumbersAreGroupedAndNanIsADash) {
  EXPECT_EQ(HumanCount(0), "0");
  EXPECT_EQ(HumanCount(999), "999");
  EXPECT_EQ(HumanCount(199'210), "199,210");
  EXPECT_EQ(HumanCount(1'663'370), "1,663,370");
  EXPECT_EQ(HumanPercent(0.97049), "97.05 %");
  EXPECT_EQ(HumanPercent(std::nan("")), "-");
  EXPECT_EQ(HumanLoss(0.3), "0.3000");
  EXPECT_EQ(HumanLoss(std::nan("")), "-");
}

TEST(FormatTest, AgesAreNeverNegative) {
  const TimePoint now(Duration(1'000'000));
  EXPECT_EQ(Ago(0, now), "-");
  EXPECT_EQ(Ago(997'000, now), "3.00 s ago");
  EXPECT_EQ(Ago(2'000'000, now), "0.00 s ago");
}

TEST(FitTest, CutsWholeCharactersAndSaysSo) {
  EXPECT_EQ(Fit("abcdef", 6), "abcdef");
  EXPECT_EQ(Fit("abcdef", 4), "abc\xE2\x80\xA6");
  EXPECT_EQ(Fit("\xC3\xA9\xC3\xA9\xC3\xA9", 2), "\xC3\xA9\xE2\x80\xA6");
  EXPECT_EQ(Fit("abc", 1), "\xE2\x80\xA6");
  EXPECT_EQ(Fit("abc", 0), "");
}

TEST(FitTest, ANameCannotRewriteTheTerminal) {
  EXPECT_EQ(Printable("a\033[2Jb\nc\x7F"), "a?[2Jb?c?");
  EXPECT_EQ(Printable("a\xC2\x9B"
                      "31m"),
            "a?31m");
  EXPECT_EQ(Printable("\xC2\xA0\xC3\xA9"), "\xC2\xA0\xC3\xA9");
}

TEST(TableTest, AlignsColumnsAndCutsLines) {
  Table table({{"NAME"}, {"COUNT", Table::Align::kRight}, {"NOTE"}});
  table.AddRow({"a", "1,000", ""});
  table.AddRow({"\xC3\xA9longer", "7", "what happened"});
  EXPECT_EQ(table.Render(0),
            "NAME     COUNT  NOTE\n"
            "a        1,000\n"
            "\xC3\xA9longer      7  what happened\n");
  EXPECT_EQ(table.Render(18),
            "NAME     COUNT  N\xE2\x80\xA6\n"
            "a        1,000\n"
            "\xC3\xA9longer      7  w\xE2\x80\xA6\n");
}

TEST(TableTest, FieldsLeaveOutWhatIsEmpty) {
  EXPECT_EQ(RenderFields({{"phase", "TRAINING"}, {"a longer name", ""}, {"run", "3\n4"}}),
            "phase  TRAINING\nrun    3?4\n");
}

}  // namespace
}  // namespace fedge::fedctl
