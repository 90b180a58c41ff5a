#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fedge/common/clock.h"

// Values as people read them.
namespace fedge::fedctl {

// "512 B", "1.2 kB", "53.0 MB": powers of 1000, three digits or so.
std::string HumanBytes(std::uint64_t bytes);
// "0.12 s", "12.3 s", "3m12s", "2h05m", "4d03h".
std::string HumanDuration(Duration duration);
std::string HumanSeconds(double seconds);
// "199,210".
std::string HumanCount(std::uint64_t count);
// "97.05 %", or "-" for NaN.
std::string HumanPercent(double fraction);
// Four significant digits, or "-" for NaN.
std::string HumanLoss(double loss);
// "2026-01-31 12:30:05" in local time; "-" for 0.
std::string LocalTime(std::int64_t unix_ms);
// "3.1 s ago"; "-" for 0.
std::string Ago(std::int64_t unix_ms, TimePoint now);

// Characters of a UTF-8 text on one line: at most `width` columns, the last one "…" if it was cut.
// Control characters, which a name from the network could use to rewrite the terminal, become '?'.
std::string Fit(std::string_view text, std::size_t width);
std::string Printable(std::string_view text);

}  // namespace fedge::fedctl
