#pragma once

#include <string>
#include <vector>

namespace fedge::fedctl {

struct ChartPoint {
  double x = 0;
  double y = 0;  // NaN or infinite: the line has a gap here
};

struct ChartSeries {
  std::string name;
  std::string color;  // as CSS has it
  std::vector<ChartPoint> points;
};

// A vertical line with a few words.
struct ChartMark {
  double x = 0;
  std::string label;
};

// A line chart over whole numbers.
struct Chart {
  std::string title;
  std::string subtitle;
  std::string x_label;
  std::string unit;  // behind the labels of the y axis, such as " %"
  std::vector<ChartSeries> series;
  std::vector<ChartMark> marks;
  std::vector<double> crosses;  // of these x there is nothing to show: a cross on the axis
  std::string crosses_name;     // of these in the legend
};

// The chart as an SVG document of 860 x 460. Precondition: a point with a finite y.
std::string DrawSvg(const Chart& chart);

}  // namespace fedge::fedctl
