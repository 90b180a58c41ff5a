#include "fedge/coordinator_rpc/call_id.h"

#include <atomic>

namespace fedge {

std::uint64_t NextCallId() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

}  // namespace fedge
