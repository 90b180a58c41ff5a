#include "fedge/cli/value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <system_error>

#include <fmt/format.h>

namespace fedge::cli {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first, as FormatDuration writes them; in milliseconds.
constexpr std::array<Unit, 5> kTimeUnits = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

constexpr std::array<Unit, 4> kBinaryUnits = {
    {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}}};
constexpr std::array<Unit, 4> kDecimalUnits = {
    {{"TB", 1'000'000'000'000}, {"GB", 1'000'000'000}, {"MB", 1'000'000}, {"KB", 1'000}}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

// Splits "12.5ms..." after number and unit; `text` becomes the rest.
struct Quantity {
  double amount = 0;
  std::string_view unit;
};
std::optional<Quantity> TakeQuantity(std::string_view& text) {
  std::size_t digits = 0;
  while (digits < text.size() && (IsDigit(text[digits]) || text[digits] == '.')) ++digits;
  Quantity quantity;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, quantity.amount);
  if (digits == 0 || error != std::errc() || end != text.data() + digits) return std::nullopt;
  text.remove_prefix(digits);
  std::size_t letters = 0;
  while (letters < text.size() && !IsDigit(text[letters]) && text[letters] != '.') ++letters;
  quantity.unit = text.substr(0, letters);
  text.remove_prefix(letters);
  return quantity;
}

std::uint64_t FactorOfTimeUnit(std::string_view unit) {
  for (const Unit& known : kTimeUnits) {
    if (known.name == unit) return known.factor;
  }
  return 0;
}

std::uint64_t FactorOfByteUnit(std::string_view unit) {
  if (unit.empty() || EqualIgnoringCase(unit, "b")) return 1;
  for (const Unit& known : kBinaryUnits) {
    if (EqualIgnoringCase(unit, known.name) || EqualIgnoringCase(unit, known.name.substr(0, 1))) {
      return known.factor;
    }
  }
  for (const Unit& known : kDecimalUnits) {
    if (EqualIgnoringCase(unit, known.name)) return known.factor;
  }
  return 0;
}

std::string WithoutUnderscores(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool grouping = text[i] == '_' && i > 0 && i + 1 < text.size() && IsDigit(text[i - 1]) &&
                          IsDigit(text[i + 1]);
    if (!grouping) digits += text[i];
  }
  return digits;
}

template <typename Number>
Result<Number> ParseWhole(std::string_view text, std::string_view what) {
  const std::string digits = WithoutUnderscores(text);
  const char* const begin = digits.data() + (digits.starts_with('+') ? 1 : 0);
  const char* const end = digits.data() + digits.size();
  Number value{};
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error == std::errc::result_out_of_range) {
    return InvalidArgument("'{}' does not fit in 64 bits", text);
  }
  if (error != std::errc() || stop != end) return InvalidArgument("'{}' is not {}", text, what);
  return value;
}

}  // namespace

Result<Duration> ParseDuration(std::string_view text) {
  constexpr std::string_view kHint = "write a number with its unit, as in 500ms, 30s, 2m or 1h30m";
  if (text == "0") return Duration(0);
  double milliseconds = 0;
  std::string_view rest = text;
  std::uint64_t last_factor = std::numeric_limits<std::uint64_t>::max();
  do {
    const std::optional<Quantity> quantity = TakeQuantity(rest);
    const std::uint64_t factor = quantity.has_value() ? FactorOfTimeUnit(quantity->unit) : 0;
    if (factor == 0 || factor >= last_factor) {
      return InvalidArgument("'{}' is not a duration; {}", text, kHint);
    }
    last_factor = factor;
    milliseconds += quantity->amount * static_cast<double>(factor);
  } while (!rest.empty());
  constexpr double kMax = 36'500.0 * 86'400'000.0;
  if (milliseconds > kMax) return InvalidArgument("'{}' is longer than 36500d", text);
  const double rounded = std::round(milliseconds);
  if (rounded == 0 && milliseconds > 0) return InvalidArgument("'{}' is shorter than 1ms", text);
  return Duration(static_cast<Duration::rep>(rounded));
}

std::string FormatDuration(Duration duration) {
  if (duration.count() <= 0) return "0s";
  std::string text;
  auto rest = static_cast<std::uint64_t>(duration.count());
  for (const Unit& unit : kTimeUnits) {
    if (rest / unit.factor > 0) text += fmt::format("{}{}", rest / unit.factor, unit.name);
    rest %= unit.factor;
  }
  return text;
}

Result<std::uint64_t> ParseBytes(std::string_view text) {
  std::string_view rest = text;
  const std::optional<Quantity> quantity = TakeQuantity(rest);
  const std::uint64_t factor = quantity.has_value() ? FactorOfByteUnit(quantity->unit) : 0;
  if (factor == 0 || !rest.empty()) {
    return InvalidArgument("'{}' is not a size; write bytes, or a unit as in 64KiB, 4MiB or 1GB",
                           text);
  }
  const double bytes = quantity->amount * static_cast<double>(factor);
  if (bytes >= 0x1p63) return InvalidArgument("'{}' is too large", text);
  return static_cast<std::uint64_t>(bytes);
}

std::string FormatBytes(std::uint64_t bytes) {
  for (const Unit& unit : kBinaryUnits) {
    if (bytes > 0 && bytes % unit.factor == 0)
      return fmt::format("{}{}", bytes / unit.factor, unit.name);
  }
  return fmt::format("{}", bytes);
}

Result<std::int64_t> ParseInteger(std::string_view text) {
  return ParseWhole<std::int64_t>(text, "a whole number");
}

Result<std::uint64_t> ParseUnsigned(std::string_view text) {
  return ParseWhole<std::uint64_t>(text, "a whole number of 0 or more");
}

Result<double> ParseNumber(std::string_view text) {
  const std::string digits = WithoutUnderscores(text);
  const char* const begin = digits.data() + (digits.starts_with('+') ? 1 : 0);
  const char* const end = digits.data() + digits.size();
  double value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) {
    return InvalidArgument("'{}' is not a number", text);
  }
  return value;
}

std::string FormatNumber(double value) { return fmt::format("{}", value); }

Result<bool> ParseBool(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (text == no) return false;
  }
  return InvalidArgument("'{}' is not true or false", text);
}

}  // namespace fedge::cli
