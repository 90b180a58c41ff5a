#include "fedge/fedctl/chart.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/fedctl/axis.h"

namespace fedge::fedctl {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> Labels(const Axis& axis) {
  std::vector<std::string> labels;
  for (const double tick : axis.ticks) labels.push_back(axis.Label(tick));
  return labels;
}

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

TEST(AxisTest, TicksAreRound) {
  EXPECT_THAT(Labels(NiceAxis(44.2, 99.4, 5)), ElementsAre("40", "60", "80", "100"));
  EXPECT_THAT(Labels(NiceAxis(0.08, 2.13, 5)), ElementsAre("0", "0.5", "1.0", "1.5", "2.0", "2.5"));
  EXPECT_THAT(Labels(NiceAxis(-1, 1, 4)), ElementsAre("-1.0", "-0.5", "0", "0.5", "1.0"));
  EXPECT_THAT(Labels(NiceAxis(0.00011, 0.00019, 4)),
              ElementsAre("0.00010", "0.00012", "0.00014", "0.00016", "0.00018", "0.00020"));
  EXPECT_THAT(Labels(NiceAxis(0, 3e12, 3)), ElementsAre("0", "1e+12", "2e+12", "3e+12"));
}

TEST(AxisTest, OneValueGetsRoomOnBothSides) {
  for (const double value : {0.0, 0.5, -3.0, 1e-12, 1e12}) {
    const Axis axis = NiceAxis(value, value, 5);
    EXPECT_GT(axis.At(value), 0) << value;
    EXPECT_LT(axis.At(value), 1) << value;
    EXPECT_GE(axis.ticks.size(), 2U) << value;
  }
}

TEST(AxisTest, CountsHaveWholeTicksOnly) {
  EXPECT_THAT(Labels(CountAxis(1, 3, 10)), ElementsAre("1", "2", "3"));
  EXPECT_THAT(Labels(CountAxis(1, 24, 10)), ElementsAre("5", "10", "15", "20"));
  EXPECT_THAT(CountAxis(1, 10'000, 10).ticks.size(), 10U);
  const Axis one = CountAxis(7, 7, 10);
  EXPECT_THAT(Labels(one), ElementsAre("7"));
  EXPECT_EQ(one.At(7), 0.5);
}

TEST(ChartTest, IsAWholeDocumentWithAnEscapedTitle) {
  Chart chart;
  chart.title = "<a> & \"b\"";
  chart.series = {{"s", "#000000", {{1, 2}, {2, 3}}}};
  const std::string svg = DrawSvg(chart);
  EXPECT_THAT(svg, StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(svg, EndsWith("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("<title>&lt;a&gt; &amp; &quot;b&quot;</title>"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(ChartTest, ALineHasAGapWhereThereIsNoNumber) {
  Chart chart;
  chart.series = {{"s", "#123456", {{1, 2}, {2, 3}, {3, kNaN}, {4, 1}, {5, INFINITY}, {6, 2}}}};
  const std::string svg = DrawSvg(chart);
  const std::size_t begin = svg.find("<path d=\"M");
  const std::string path = svg.substr(begin, svg.find('"', begin + 9) - begin);
  EXPECT_EQ(Count(path, "M"), 3);
  EXPECT_EQ(Count(path, "L"), 1);
  EXPECT_EQ(Count(svg, "<circle"), 4);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(ChartTest, ALongLineHasNoDotsButForLonelyPoints) {
  Chart chart;
  ChartSeries series{"s", "#123456", {}};
  for (int i = 0; i < 5'000; ++i) series.points.push_back({double(i), i == 17 ? kNaN : double(i)});
  series.points[19].y = kNaN;
  chart.series = {series};
  EXPECT_EQ(Count(DrawSvg(chart), "<circle"), 1);
}

TEST(ChartTest, LabelsOfLinesThatEndTogetherDoNotCoverEachOther) {
  Chart chart;
  chart.series = {{"a", "#111111", {{1, 1}, {2, 5.0}}}, {"b", "#222222", {{1, 0}, {2, 5.001}}}};
  const std::string svg = DrawSvg(chart);
  const auto height = [&svg](const std::string& color) {
    const std::size_t label = svg.find("fill=\"" + color + "\" font-weight");
    const std::size_t y = svg.rfind("y=\"", label);
    return std::stod(svg.substr(y + 3));
  };
  EXPECT_GE(std::abs(height("#111111") - height("#222222")), 14.9);
}

}  // namespace
}  // namespace fedge::fedctl
