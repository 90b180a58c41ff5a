#include "fedge/fedctl/format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

#include <fmt/format.h>

namespace fedge::fedctl {
namespace {

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

}  // namespace

std::string HumanBytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  constexpr std::array<std::string_view, 5> kUnits = {"kB", "MB", "GB", "TB", "PB"};
  double amount = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  // 999.95 would be written as 1000.0.
  while (amount >= 999.95 && unit + 1 < kUnits.size()) amount /= 1000, ++unit;
  return amount < 9.995 ? fmt::format("{:.2f} {}", amount, kUnits[unit])
                        : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string HumanSeconds(double seconds) {
  if (!(seconds >= 0)) return "-";
  if (seconds < 9.995) return fmt::format("{:.2f} s", seconds);
  if (seconds < 99.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(std::min(std::round(seconds), 1e15));
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  if (whole < 86'400) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d{:02}h", whole / 86'400, whole / 3600 % 24);
}

std::string HumanDuration(Duration duration) {
  return HumanSeconds(static_cast<double>(duration.count()) / 1000);
}

std::string HumanCount(std::uint64_t count) {
  const std::string digits = fmt::format("{}", count);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string HumanPercent(double fraction) {
  return std::isnan(fraction) ? "-" : fmt::format("{:.2f} %", fraction * 100);
}

std::string HumanLoss(double loss) { return std::isnan(loss) ? "-" : fmt::format("{:#.4g}", loss); }

std::string LocalTime(std::int64_t unix_ms) {
  if (unix_ms == 0) return "-";
  const std::time_t seconds = unix_ms / 1000;
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return "-";
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
  return std::string(text.data(), size);
}

std::string Ago(std::int64_t unix_ms, TimePoint now) {
  if (unix_ms == 0) return "-";
  const Duration since = now.time_since_epoch() - Duration(unix_ms);
  return HumanDuration(std::max(since, Duration(0))) + " ago";
}

std::string Printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1_control =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1_control) ++i;
    out += byte < 0x20 || byte == 0x7F || c1_control ? '?' : text[i];
  }
  return out;
}

std::string Fit(std::string_view text, std::size_t width) {
  const std::string printable = Printable(text);
  std::size_t columns = 0;
  std::size_t cut = 0;  // where the last column that stays before the ellipsis ends
  for (std::size_t i = 0; i < printable.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(printable[i]) & 0xC0) != 0x80;
    if (begins && columns + 1 == width) cut = i;
    if (begins) ++columns;
  }
  if (columns <= width) return printable;
  return width == 0 ? "" : printable.substr(0, cut) + std::string(kEllipsis);
}

}  // namespace fedge::fedctl
