#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fedge/common/clock.h"
#include "fedge/common/status.h"

namespace fedge::cli {

// For values with a grammar of their own, such as "dirichlet:0.3" or "full".
struct Custom {
  // The message of an error is shown after "--flag: ".
  std::function<Status(std::string_view text)> parse;
  // The present value as parse would take it; empty: none.
  std::function<std::string()> show;
};

// Where an option's value goes. What is there when the command line is parsed is the default. An
// empty optional means "not given". A Duration is written with a unit: 500ms, 30s, 2m, 1h30m. A map
// is a repeated KEY=VALUE.
using Target = std::variant<bool*, std::int32_t*, std::uint32_t*, std::int64_t*, std::uint64_t*,
                            double*, std::string*, Duration*, std::optional<std::int32_t>*,
                            std::optional<std::uint32_t>*, std::optional<std::int64_t>*,
                            std::optional<std::uint64_t>*, std::optional<double>*,
                            std::optional<std::string>*, std::optional<Duration>*,
                            std::vector<std::string>*, std::map<std::string, std::string>*, Custom>;

enum class Completion : std::uint8_t { kNone, kFile, kDirectory };

// The heading of the options that every program has.
inline constexpr std::string_view kGeneralGroup = "General";

struct OptionSpec {
  std::string group = "Options";  // the heading in --help
  // Shown as the default where the target's own value does not say it, e.g. "half of N".
  std::string default_text = {};
  // Both ends included; in the unit of the number, milliseconds for a Duration.
  std::optional<double> min = {};
  std::optional<double> max = {};
  bool above_min = false;  // min itself is not allowed
  std::vector<std::string> choices = {};
  std::vector<std::string> suggestions = {};  // what completion offers where other values may stand
  std::string environment = {};  // variable that is read when the flag is not given; beats the file
  bool required = false;
  bool hidden = false;
  bool bytes = false;  // an integer written as a size: 512, 64KiB, 4MiB, 10MB
  Completion completion = Completion::kNone;
};

// One option, flag or positional argument as declared.
struct Option {
  // "listen", without dashes; the key in a configuration file. Positional: its name.
  std::string long_name;
  std::string short_name;  // "l", or empty
  std::string value_name;  // "ADDRESS"; empty for a flag
  std::string help;
  Target target;
  OptionSpec spec;
  bool positional = false;
  bool configurable = true;  // may stand in a configuration file

  bool is_flag() const { return std::holds_alternative<bool*>(target); }
  bool is_list() const;
  // "--listen", or the positional's name.
  std::string display_name() const { return positional ? long_name : "--" + long_name; }
};

// Sets the target from what was written, all values of a list at once; of others the last one.
// kInvalidArgument names the value and what is allowed; the target is then unchanged. `values` may
// be empty for a list only.
Status Assign(const Option& option, const std::vector<std::string>& values);

// The present value as it would be written: none for an empty optional or list, one per element of
// a list.
std::vector<std::string> Show(const Option& option);

// Whether the value is a number or boolean, which TOML writes without quotes.
bool IsBareInToml(const Option& option);

// "1 to 100", "at least 0", "above 0", "a|b|c"; empty if anything goes.
std::string DescribeRange(const Option& option);

}  // namespace fedge::cli
