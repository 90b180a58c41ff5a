#include "fedge/cli/option.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "fedge/cli/suggest.h"
#include "fedge/cli/value.h"
#include "fedge/common/result.h"

namespace fedge::cli {
namespace {

template <typename T>
struct Tag {};

// The largest numbers that a target holds, for the check that a value fits it.
template <typename Narrow, typename Wide>
Result<Narrow> Narrowed(Result<Wide> wide, std::string_view text) {
  if (!wide.ok()) return std::move(wide).status();
  if (!std::in_range<Narrow>(*wide)) {
    return InvalidArgument("{} is out of range; it must be {} to {}", text,
                           std::numeric_limits<Narrow>::min(), std::numeric_limits<Narrow>::max());
  }
  return static_cast<Narrow>(*wide);
}

Result<bool> ParseAs(Tag<bool>, std::string_view text, const Option&) { return ParseBool(text); }
Result<std::int32_t> ParseAs(Tag<std::int32_t>, std::string_view text, const Option&) {
  return Narrowed<std::int32_t>(ParseInteger(text), text);
}
Result<std::int64_t> ParseAs(Tag<std::int64_t>, std::string_view text, const Option&) {
  return ParseInteger(text);
}
Result<std::uint32_t> ParseAs(Tag<std::uint32_t>, std::string_view text, const Option& option) {
  return Narrowed<std::uint32_t>(option.spec.bytes ? ParseBytes(text) : ParseUnsigned(text), text);
}
Result<std::uint64_t> ParseAs(Tag<std::uint64_t>, std::string_view text, const Option& option) {
  return option.spec.bytes ? ParseBytes(text) : ParseUnsigned(text);
}
Result<double> ParseAs(Tag<double>, std::string_view text, const Option&) {
  return ParseNumber(text);
}
Result<Duration> ParseAs(Tag<Duration>, std::string_view text, const Option&) {
  return ParseDuration(text);
}
Result<std::string> ParseAs(Tag<std::string>, std::string_view text, const Option&) {
  return std::string(text);
}

Status CheckRange(double value, std::string_view text, const Option& option) {
  const OptionSpec& spec = option.spec;
  const bool low = spec.min && (spec.above_min ? value <= *spec.min : value < *spec.min);
  const bool high = spec.max && value > *spec.max;
  if (!low && !high) return OkStatus();
  return InvalidArgument("{} is out of range; it must be {}", text, DescribeRange(option));
}

Status CheckChoice(std::string_view text, const Option& option) {
  const std::vector<std::string>& choices = option.spec.choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), text) != choices.end()) {
    return OkStatus();
  }
  return InvalidArgument("'{}' is not one of {}{}", text, fmt::join(choices, ", "),
                         DidYouMean(text, choices));
}

template <typename T>
Result<T> ParseChecked(std::string_view text, const Option& option) {
  FEDGE_ASSIGN_OR_RETURN(T value, ParseAs(Tag<T>{}, text, option));
  if constexpr (std::is_same_v<T, Duration>) {
    FEDGE_RETURN_IF_ERROR(CheckRange(static_cast<double>(value.count()), text, option));
  } else if constexpr (std::is_same_v<T, std::string>) {
    FEDGE_RETURN_IF_ERROR(CheckChoice(value, option));
  } else {
    FEDGE_RETURN_IF_ERROR(CheckRange(static_cast<double>(value), text, option));
  }
  return value;
}

// One overload per kind of target: sets it from `values`, which is never empty.
struct Assigner {
  const Option& option;
  const std::vector<std::string>& values;

  template <typename T>
  Status operator()(T* target) const {
    FEDGE_ASSIGN_OR_RETURN(*target, ParseChecked<T>(values.back(), option));
    return OkStatus();
  }
  template <typename T>
  Status operator()(std::optional<T>* target) const {
    FEDGE_ASSIGN_OR_RETURN(*target, ParseChecked<T>(values.back(), option));
    return OkStatus();
  }
  Status operator()(std::vector<std::string>* target) const {
    for (const std::string& value : values) FEDGE_RETURN_IF_ERROR(CheckChoice(value, option));
    *target = values;
    return OkStatus();
  }
  Status operator()(std::map<std::string, std::string>* target) const {
    std::map<std::string, std::string> pairs;
    for (const std::string& value : values) {
      const std::size_t equals = value.find('=');
      if (equals == std::string::npos || equals == 0) {
        return InvalidArgument("'{}' is not of the form KEY=VALUE", value);
      }
      const std::string key = value.substr(0, equals);
      if (!pairs.emplace(key, value.substr(equals + 1)).second) {
        return InvalidArgument("'{}' is given twice", key);
      }
    }
    *target = std::move(pairs);
    return OkStatus();
  }
  Status operator()(const Custom& custom) const { return custom.parse(values.back()); }
};

std::string Written(bool value, const Option&) { return value ? "true" : "false"; }
std::string Written(double value, const Option&) { return FormatNumber(value); }
std::string Written(Duration value, const Option&) { return FormatDuration(value); }
std::string Written(const std::string& value, const Option&) { return value; }
template <std::integral Integer>
std::string Written(Integer value, const Option& option) {
  return option.spec.bytes ? FormatBytes(static_cast<std::uint64_t>(value))
                           : fmt::format("{}", value);
}

struct Shower {
  using Texts = std::vector<std::string>;
  const Option& option;

  template <typename T>
  Texts operator()(const T* target) const {
    return {Written(*target, option)};
  }
  template <typename T>
  Texts operator()(const std::optional<T>* target) const {
    return target->has_value() ? Texts{Written(**target, option)} : Texts{};
  }
  Texts operator()(const std::vector<std::string>* target) const { return *target; }
  Texts operator()(const std::map<std::string, std::string>* target) const {
    Texts pairs;
    for (const auto& [key, value] : *target) pairs.push_back(key + "=" + value);
    return pairs;
  }
  Texts operator()(const Custom& custom) const {
    const std::string text = custom.show ? custom.show() : "";
    return text.empty() ? Texts{} : Texts{text};
  }
};

std::string DescribeBound(double bound, const Option& option) {
  const bool duration = std::holds_alternative<Duration*>(option.target) ||
                        std::holds_alternative<std::optional<Duration>*>(option.target);
  if (duration) return FormatDuration(Duration(static_cast<Duration::rep>(bound)));
  if (option.spec.bytes) return FormatBytes(static_cast<std::uint64_t>(bound));
  return FormatNumber(bound);
}

}  // namespace

bool Option::is_list() const {
  return std::holds_alternative<std::vector<std::string>*>(target) ||
         std::holds_alternative<std::map<std::string, std::string>*>(target);
}

Status Assign(const Option& option, const std::vector<std::string>& values) {
  return std::visit(Assigner{option, values}, option.target);
}

std::vector<std::string> Show(const Option& option) {
  return std::visit(Shower{option}, option.target);
}

bool IsBareInToml(const Option& option) {
  if (option.spec.bytes) return false;
  return std::visit(
      [](const auto& target) {
        using T = std::decay_t<decltype(target)>;
        return !(std::is_same_v<T, std::string*> || std::is_same_v<T, Duration*> ||
                 std::is_same_v<T, std::optional<std::string>*> ||
                 std::is_same_v<T, std::optional<Duration>*> ||
                 std::is_same_v<T, std::vector<std::string>*> ||
                 std::is_same_v<T, std::map<std::string, std::string>*> ||
                 std::is_same_v<T, Custom>);
      },
      option.target);
}

std::string DescribeRange(const Option& option) {
  const OptionSpec& spec = option.spec;
  if (!spec.choices.empty()) return fmt::format("{}", fmt::join(spec.choices, "|"));
  const std::string min = spec.min ? DescribeBound(*spec.min, option) : "";
  const std::string max = spec.max ? DescribeBound(*spec.max, option) : "";
  if (spec.min && spec.max) {
    return spec.above_min ? fmt::format("above {}, at most {}", min, max)
                          : fmt::format("{} to {}", min, max);
  }
  if (spec.min) return fmt::format("{} {}", spec.above_min ? "above" : "at least", min);
  return spec.max ? fmt::format("at most {}", max) : "";
}

}  // namespace fedge::cli
