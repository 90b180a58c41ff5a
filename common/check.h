#pragma once

namespace fedge::internal {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace fedge::internal

// A broken invariant of the program itself: never reachable from a file, a flag or the network.
#define FEDGE_CHECK(condition)        \
  ((condition) ? static_cast<void>(0) \
               : ::fedge::internal::CheckFailed(#condition, __FILE__, __LINE__))
