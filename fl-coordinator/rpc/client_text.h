#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "fedge/common/status.h"
#include "fedge/coordinator/records.h"

namespace fedge {

// What clients say about themselves, and may say anything: checked before it is kept or shown.

// 1 to 128 characters of [A-Za-z0-9._:@-].
Status ValidateClientId(std::string_view id);
// At most 32 labels; keys of 1 to 64 characters of [A-Za-z0-9._-], values of at most 256 without
// control characters.
Status ValidateLabels(const Labels& labels);

// Text for logs, tables and terminals: control characters become '?', and it ends before
// `max_bytes` on the boundary of a UTF-8 sequence, with "..." if something was cut.
std::string Printable(std::string_view text, std::size_t max_bytes);

}  // namespace fedge
