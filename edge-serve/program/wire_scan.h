#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace fedge::internal {

// How many fields a serialized protobuf message has, those of its submessages counted as well down
// to `depth` levels (1: only its own), without building any of them: what bounds the memory that
// parsing takes. Length-delimited fields above the last level must be messages. nullopt: malformed.
std::optional<std::size_t> CountFields(std::string_view bytes, int depth);

}  // namespace fedge::internal
