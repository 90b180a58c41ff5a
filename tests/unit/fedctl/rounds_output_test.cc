// rounds export and rounds plot.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_admin.h"
#include "fedge/common/file.h"
#include "fedge/fedctl/rounds_export.h"
#include "fedge/fedctl/rounds_plot.h"
#include "fedge/testing/temp_directory.h"
#include "run_fedctl.h"

namespace fedge::fedctl {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
    end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
  }
  return parts;
}

v1::RoundSummary FailedRound(std::uint64_t round) {
  v1::RoundSummary summary;
  summary.set_round(round);
  summary.set_run(1);
  summary.set_phase(v1::ERROR);
  summary.set_started_unix_ms(kStart);
  summary.set_error("2 of \"3\" clients, too few\nreally");
  return summary;
}

class RoundsOutputTest : public ::testing::Test {
 protected:
  Ran Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--coordinator", admin_.address()});
    return Fedctl(arguments);
  }
  // Rounds 1 to `count`, as the coordinator gives them: newest first.
  void Have(std::uint64_t count) {
    for (std::uint64_t round = count; round > 0; --round)
      *admin_.rounds.add_rounds() = SampleRound(round, 0.9);
  }
  FakeAdmin admin_;
  testing::TempDirectory folder_;
};

TEST(CsvTest, QuotesWhatMustBeQuoted) {
  EXPECT_EQ(CsvCell("plain text"), "plain text");
  EXPECT_EQ(CsvCell("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvCell("say \"a\""), "\"say \"\"a\"\"\"");
  EXPECT_EQ(CsvCell("two\nlines"), "\"two\nlines\"");
}

TEST(CsvTest, EveryRowHasACellForEachColumn) {
  const std::vector<std::string> lines =
      Split(RoundsCsv({SampleRound(1, 0.5), SampleRound(2)}), '\n');
  ASSERT_THAT(lines, SizeIs(4));
  const std::vector<std::string> names = Split(lines[0], ',');
  const std::vector<std::string> first = Split(lines[1], ',');
  const std::vector<std::string> second = Split(lines[2], ',');
  ASSERT_EQ(first.size(), names.size());
  ASSERT_EQ(second.size(), names.size());
  const auto cell = [&names](const std::vector<std::string>& row, const std::string& name) {
    return row[static_cast<std::size_t>(std::find(names.begin(), names.end(), name) -
                                        names.begin())];
  };
  EXPECT_EQ(cell(first, "started"), "2023-11-14T22:13:22.000Z");
  EXPECT_EQ(cell(first, "seconds"), "1.5");
  EXPECT_EQ(cell(first, "accepted"), "50");
  EXPECT_EQ(cell(first, "evaluation_accuracy"), "0.5");
  EXPECT_EQ(cell(first, "train_loss"), "0.25");
  EXPECT_EQ(cell(first, "train_loss_before"), "");
  EXPECT_EQ(cell(second, "evaluation_accuracy"), "");
  EXPECT_THAT(cell(first, "model_sha256"), StartsWith("abab"));
}

TEST(CsvTest, AFailedRoundIsOneLine) {
  const std::string csv = RoundsCsv({FailedRound(7)});
  EXPECT_THAT(Split(csv, '\n'), SizeIs(3));
  EXPECT_THAT(csv, EndsWith(",\"2 of \"\"3\"\" clients, too few?really\"\n"));
}

TEST_F(RoundsOutputTest, AllPagesAreExportedOldestFirst) {
  Have(2'500);
  const Ran ran = Run({"rounds", "export", "--csv"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::vector<std::string> lines = Split(ran.out, '\n');
  ASSERT_THAT(lines, SizeIs(2'502));
  EXPECT_THAT(lines[1], StartsWith("1,1,"));
  EXPECT_THAT(lines[2'500], StartsWith("2500,1,"));
  EXPECT_EQ(admin_.rounds_pages, 3);
}

TEST_F(RoundsOutputTest, AWholePageIsFollowedByAnEmptyOne) {
  Have(1'000);
  EXPECT_THAT(Split(Run({"rounds", "export", "--csv"}).out, '\n'), SizeIs(1'002));
  EXPECT_EQ(admin_.rounds_pages, 2);
}

TEST_F(RoundsOutputTest, TheListGoesBeyondOnePageToo) {
  Have(1'800);
  const Ran ran = Run({"rounds", "list", "--limit", "1500", "--json"});
  EXPECT_THAT(ran.out, HasSubstr("\"round\":301,"));
  EXPECT_EQ(ran.out.find("\"round\":300,"), std::string::npos);
}

TEST_F(RoundsOutputTest, WritesAFileButNotOverAnother) {
  Have(3);
  const std::string path = folder_.File("rounds.csv");
  const Ran ran = Run({"rounds", "export", "--csv", "-o", path});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("rounds.csv: 3 rounds, "));
  EXPECT_THAT(ReadFile(path).value(), StartsWith("round,run,"));
  EXPECT_EQ(Run({"rounds", "export", "--csv", "-o", path}).code, 2);
  EXPECT_EQ(Run({"rounds", "export", "--csv", "-o", path, "--force"}).code, 0);
  EXPECT_EQ(Run({"rounds", "export", "--csv", "-o", folder_.path()}).code, 2);
}

TEST_F(RoundsOutputTest, TheHelpExplainsEveryColumn) {
  const std::string help = Run({"rounds", "export", "--help"}).out;
  const std::string header = Split(RoundsCsv({}), '\n')[0];
  for (const std::string& column : Split(header, ',')) EXPECT_THAT(help, HasSubstr(column));
}

TEST_F(RoundsOutputTest, OneFormatMustBeChosen) {
  EXPECT_EQ(Run({"rounds", "export"}).code, 2);
  EXPECT_EQ(Run({"--json", "rounds", "export", "--csv"}).code, 2);
  Have(2);
  EXPECT_THAT(Run({"--json", "rounds", "export"}).out, HasSubstr("\"round\":2,"));
}

TEST_F(RoundsOutputTest, ARunWithoutRoundsIsAnErrorNoRoundsAtAllAreNot) {
  EXPECT_EQ(Run({"rounds", "export", "--csv", "--run", "4"}).code, 1);
  const Ran ran = Run({"rounds", "export", "--csv"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(Split(ran.out, '\n'), SizeIs(2));
}

TEST_F(RoundsOutputTest, PlotsWhatIsThere) {
  Have(1);
  const std::string path = folder_.File("curve.svg");
  EXPECT_THAT(Run({"rounds", "plot", "-o", path}).out, HasSubstr("accuracy of 1 round\n"));
  EXPECT_THAT(ReadFile(path).value(), HasSubstr("90 %"));
  EXPECT_EQ(Run({"rounds", "plot", "-o", path}).code, 2);
  const Ran loss = Run({"rounds", "plot", "--metric", "loss", "-o", "-"});
  EXPECT_THAT(loss.out, StartsWith("<svg"));
  EXPECT_THAT(loss.out, HasSubstr("Loss of the global model"));
}

TEST(RoundsPlotTest, FailedRoundsAreCrossesAndRunsAreMarked) {
  v1::RoundSummary other = SampleRound(3, 0.7);
  other.set_run(2);
  const Result<Chart> chart = ChartOf({SampleRound(1, 0.5), FailedRound(2), other}, "accuracy");
  ASSERT_TRUE(chart.ok());
  EXPECT_EQ(chart->crosses, std::vector<double>{2});
  ASSERT_THAT(chart->marks, SizeIs(1));
  EXPECT_EQ(chart->marks[0].label, "run 2");
  EXPECT_THAT(chart->subtitle, StartsWith("runs 1 to 2, rounds 1 to 3"));
  ASSERT_THAT(chart->series, SizeIs(2));
  EXPECT_EQ(chart->series[0].points[1].y, 70);
}

TEST(RoundsPlotTest, NothingToPlotIsSaid) {
  EXPECT_THAT(ChartOf({}, "loss").status().message(), HasSubstr("of 0 rounds"));
  v1::RoundSummary diverged = FailedRound(1);
  *diverged.mutable_train_after() = SampleMetrics(std::nan(""), 0.1);
  EXPECT_THAT(ChartOf({diverged}, "loss").status().message(), HasSubstr("none has a finite loss"));
  EXPECT_TRUE(ChartOf({diverged}, "accuracy").ok());
}

}  // namespace
}  // namespace fedge::fedctl
