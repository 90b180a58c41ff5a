#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fedge/common/clock.h"
#include "fedge/common/result.h"

// The values of a command line as text. Errors are kInvalidArgument: they quote the text and say
// what is expected.
namespace fedge::cli {

// "500ms", "30s", "2m", "1h30m", "1.5s", "7d"; a unit is needed, except for "0".
Result<Duration> ParseDuration(std::string_view text);
// The shortest exact form that ParseDuration takes: "1h30m", "500ms", "0s".
std::string FormatDuration(Duration duration);

// "512", "64KiB", "1.5GiB", "10MB", "4k": K, M, G, T alone are powers of 1024.
Result<std::uint64_t> ParseBytes(std::string_view text);
// The largest unit that divides it: "4MiB", "1000".
std::string FormatBytes(std::uint64_t bytes);

// The whole text as a number in base 10; digits may be grouped as in 50_000.
Result<std::int64_t> ParseInteger(std::string_view text);
Result<std::uint64_t> ParseUnsigned(std::string_view text);
// A finite number.
Result<double> ParseNumber(std::string_view text);
// The shortest text that reads back as the same number.
std::string FormatNumber(double value);

// "true", "false", "yes", "no", "on", "off", "1", "0".
Result<bool> ParseBool(std::string_view text);

}  // namespace fedge::cli
