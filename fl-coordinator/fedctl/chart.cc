#include "fedge/fedctl/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "fedge/fedctl/axis.h"

namespace fedge::fedctl {
namespace {

// The sheet and the plot on it, in pixels.
constexpr double kWidth = 860;
constexpr double kHeight = 460;
constexpr double kLeft = 64;
constexpr double kRight = 778;
constexpr double kTop = 100;
constexpr double kBottom = 408;

constexpr char kInk[] = "#1f2937";
constexpr char kFaint[] = "#6b7280";
constexpr char kGrid[] = "#e5e7eb";
constexpr char kCross[] = "#dc2626";
constexpr std::size_t kMaxDots = 60;  // beyond, dots would hide the line
constexpr double kLabelHeight = 15;

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    switch (character) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += character;
    }
  }
  return escaped;
}

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    double x_low = kInfinity, x_high = -kInfinity, y_low = kInfinity, y_high = -kInfinity;
    const auto cover_x = [&](double x) {
      x_low = std::min(x_low, x);
      x_high = std::max(x_high, x);
    };
    for (const ChartSeries& series : chart.series) {
      for (const ChartPoint& point : series.points) {
        cover_x(point.x);
        if (!std::isfinite(point.y)) continue;
        y_low = std::min(y_low, point.y);
        y_high = std::max(y_high, point.y);
      }
    }
    std::for_each(chart.crosses.begin(), chart.crosses.end(), cover_x);
    x_ = CountAxis(x_low, x_high, 10);
    y_ = NiceAxis(y_low, y_high, 5);
  }

  std::string Draw() {
    Begin();
    Grid();
    Marks();
    Crosses();
    for (const ChartSeries& series : chart_.series) Line(series);
    LastValues();
    Legend();
    return std::move(svg_) + "</svg>\n";
  }

 private:
  double X(double x) const { return kLeft + x_.At(x) * (kRight - kLeft); }
  double Y(double y) const { return kBottom - y_.At(y) * (kBottom - kTop); }

  void Text(double x, double y, std::string_view attributes, std::string_view text) {
    svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, attributes,
                        Escaped(text));
  }
  void Segment(double x1, double y1, double x2, double y2, std::string_view stroke) {
    svg_ +=
        fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke={}/>\n",
                    x1, y1, x2, y2, stroke);
  }

  void Begin() {
    svg_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif\" "
        "font-size=\"12\" fill=\"{2}\">\n<title>{3}</title>\n<rect width=\"{0}\" height=\"{1}\" "
        "fill=\"#ffffff\"/>\n",
        kWidth, kHeight, kInk, Escaped(chart_.title));
    Text(kLeft, 34, "font-size=\"18\" font-weight=\"600\"", chart_.title);
    Text(kLeft, 56, fmt::format("fill=\"{}\"", kFaint), chart_.subtitle);
  }

  void Grid() {
    const std::string faint = fmt::format("fill=\"{}\"", kFaint);
    for (const double tick : y_.ticks) {
      Segment(kLeft, Y(tick), kRight, Y(tick), fmt::format("\"{}\"", kGrid));
      Text(kLeft - 10, Y(tick) + 4, faint + " text-anchor=\"end\"", y_.Label(tick) + chart_.unit);
    }
    Segment(kLeft, kBottom, kRight, kBottom, fmt::format("\"{}\"", kFaint));
    for (const double tick : x_.ticks) {
      Segment(X(tick), kBottom, X(tick), kBottom + 5, fmt::format("\"{}\"", kFaint));
      Text(X(tick), kBottom + 20, faint + " text-anchor=\"middle\"", x_.Label(tick));
    }
    Text((kLeft + kRight) / 2, kBottom + 42, faint + " text-anchor=\"middle\"", chart_.x_label);
  }

  void Marks() {
    constexpr double kLabelWidth = 44;
    double free_from = 0;  // labels that would cover each other are left out
    for (const ChartMark& mark : chart_.marks) {
      const double x = X(mark.x);
      Segment(x, kTop, x, kBottom, "\"#9ca3af\" stroke-dasharray=\"3 4\"");
      if (x < free_from) continue;
      free_from = x + kLabelWidth;
      Text(x, kTop - 5, fmt::format("fill=\"{}\" font-size=\"10\" text-anchor=\"middle\"", kFaint),
           mark.label);
    }
  }

  void Cross(double x, double y) {
    svg_ += fmt::format(
        "<path d=\"M{:.1f} {:.1f}l8 8m0 -8l-8 8\" stroke=\"{}\" stroke-width=\"1.6\"/>\n", x - 4,
        y - 4, kCross);
  }
  void Crosses() {
    for (const double x : chart_.crosses) Cross(X(x), kBottom);
  }

  void Line(const ChartSeries& series) {
    std::string path;
    std::string dots;
    bool pen_down = false;
    for (std::size_t i = 0; i < series.points.size(); ++i) {
      const ChartPoint& point = series.points[i];
      const bool there = std::isfinite(point.y);
      if (there)
        path += fmt::format("{}{:.1f} {:.1f}", pen_down ? "L" : "M", X(point.x), Y(point.y));
      // A point between two gaps has no line to show it.
      const bool alone = there && !pen_down &&
                         (i + 1 == series.points.size() || !std::isfinite(series.points[i + 1].y));
      if (there && (alone || series.points.size() <= kMaxDots)) {
        dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/>\n", X(point.x),
                            Y(point.y), alone ? 3.2 : 2.4);
      }
      pen_down = there;
    }
    svg_ += fmt::format(
        "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\" "
        "stroke-linecap=\"round\"/>\n<g fill=\"{}\">\n{}</g>\n",
        path, series.color, series.color, dots);
  }

  // Beside the ends of the lines, moved apart where they would cover each other.
  void LastValues() {
    struct Label {
      double y;
      double value;
      std::string color;
    };
    std::vector<Label> labels;
    for (const ChartSeries& series : chart_.series) {
      const auto last = std::find_if(series.points.rbegin(), series.points.rend(),
                                     [](const ChartPoint& p) { return std::isfinite(p.y); });
      if (last != series.points.rend()) labels.push_back({Y(last->y) + 4, last->y, series.color});
    }
    std::sort(labels.begin(), labels.end(),
              [](const Label& a, const Label& b) { return a.y < b.y; });
    for (std::size_t i = 1; i < labels.size(); ++i) {
      const double overlap = kLabelHeight - (labels[i].y - labels[i - 1].y);
      if (overlap <= 0) continue;
      labels[i - 1].y -= overlap / 2;
      labels[i].y += overlap / 2;
    }
    for (const Label& label : labels) {
      Text(kRight + 8, label.y, fmt::format("fill=\"{}\" font-weight=\"600\"", label.color),
           fmt::format("{:.4g}{}", label.value, chart_.unit));
    }
  }

  void Legend() {
    double x = kLeft;
    const double y = 76;
    // An estimate of what a name takes, for there is no font to ask.
    const auto advance = [&x](std::string_view name) {
      x += 34 + 6.6 * static_cast<double>(name.size());
    };
    for (const ChartSeries& series : chart_.series) {
      Segment(x, y - 4, x + 20, y - 4,
              fmt::format("\"{}\" stroke-width=\"3\" stroke-linecap=\"round\"", series.color));
      Text(x + 27, y, "", series.name);
      advance(series.name);
    }
    if (chart_.crosses.empty()) return;
    Cross(x + 10, y - 4);
    Text(x + 21, y, "", chart_.crosses_name);
  }

  const Chart& chart_;
  Axis x_;
  Axis y_;
  std::string svg_;
};

}  // namespace

std::string DrawSvg(const Chart& chart) { return Drawing(chart).Draw(); }

}  // namespace fedge::fedctl
