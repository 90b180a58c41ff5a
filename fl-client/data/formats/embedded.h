#pragma once

#include <cstddef>
#include <span>

namespace fedge::data {

// configs/data/digits.csv.gz as it was when this library was built.
std::span<const std::byte> EmbeddedDigits();

}  // namespace fedge::data
