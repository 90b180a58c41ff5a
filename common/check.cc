#include "fedge/common/check.h"

#include <cstdio>
#include <cstdlib>

namespace fedge::internal {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, condition);
  std::abort();
}

}  // namespace fedge::internal
