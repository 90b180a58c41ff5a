#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/result.h"

namespace fedge::cli {

// One `key = value` of a configuration file.
struct TomlItem {
  std::vector<std::string> path;  // tables, then the key: {"start-round", "clients"}
  // One, or the elements of an array; an inline table gives "key=value" elements.
  std::vector<std::string> values;
  bool array = false;    // also for an inline table
  std::size_t line = 0;  // from 1
};

// The part of TOML 1.0 that options need: tables, dotted and quoted keys, strings, numbers,
// booleans, arrays (over several lines) and inline tables of those. CLI11's own reader is not used:
// it cuts strings at '#' and takes malformed lines for flags. kInvalidArgument: "LINE: what is
// wrong"; a key given twice is an error. Memory and time grow in proportion to the text.
Result<std::vector<TomlItem>> ParseToml(std::string_view text);

// A TOML basic string with its quotes.
std::string TomlQuote(std::string_view text);

}  // namespace fedge::cli
