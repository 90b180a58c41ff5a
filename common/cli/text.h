#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/cli/option.h"

namespace fedge::cli {

// Lines of at most `width` columns, broken at blanks; line breaks in the text are kept, as are
// blanks that begin a line. A longer word has a line of its own. UTF-8 counts one column per
// character.
std::vector<std::string> Wrap(std::string_view text, std::size_t width);

// Number of characters of a UTF-8 text.
std::size_t Columns(std::string_view text);

// The help of an option with range, default and environment variable: "updates that end a round (1
// to 100000; default 10)".
std::string DescribeForHelp(const Option& option, bool with_default = true);

// "-n, --clients N" as help and man page list it.
std::string Synopsis(const Option& option);

}  // namespace fedge::cli
