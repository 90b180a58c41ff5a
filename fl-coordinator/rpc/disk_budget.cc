#include "fedge/coordinator_rpc/disk_budget.h"

#include <algorithm>
#include <limits>

#include "fedge/coordinator/selection.h"
#include "fedge/coordinator_rpc/actor.h"

namespace fedge {
namespace {

std::string Mebibytes(std::uint64_t bytes) {
  if (bytes < 10u << 20) return fmt::format("{} bytes", bytes);
  return fmt::format("{} MiB", (bytes + (1u << 20) - 1) >> 20);
}

// What may still be written to the file system of the state directory; all that one could ask for
// where it does not tell: then the write itself finds out.
std::uint64_t RoomLeft(Actor& actor) {
  const Result<std::uint64_t> free = actor.FreeBytes();
  if (!free.ok()) return std::numeric_limits<std::uint64_t>::max();
  return *free - std::min(*free, actor.options().min_free_bytes);
}

}  // namespace

Status CheckRoundFits(Actor& actor, const RunPlan& plan) {
  FEDGE_ASSIGN_OR_RETURN(const auto base, actor.models().Base(actor.state().model));
  const std::uint64_t cohort = CohortSize(plan);
  const std::uint64_t updates = cohort * base->manifest.payload_bytes;
  const std::uint64_t limit = actor.options().spool_limit;
  if (limit != 0 && updates > limit) {
    return FailedPrecondition(
        "a round of {} updates of {} needs {} of the spool; --spool-limit is {}", cohort,
        Mebibytes(base->manifest.payload_bytes), Mebibytes(updates), Mebibytes(limit));
  }
  const std::uint64_t room = RoomLeft(actor);
  const std::uint64_t needed = updates + base->ref.size;
  if (needed > room) {
    return FailedPrecondition(
        "a round of {} updates of {} and a new model need {}; the file system of the state "
        "directory has {} beyond the {} that --min-free keeps",
        cohort, Mebibytes(base->manifest.payload_bytes), Mebibytes(needed), Mebibytes(room),
        Mebibytes(actor.options().min_free_bytes));
  }
  return OkStatus();
}

Status CheckUpdateFits(Actor& actor, std::uint64_t bytes) {
  const std::uint64_t limit = actor.options().spool_limit;
  if (limit != 0 && bytes > limit - std::min(limit, actor.spool().allocated_bytes())) {
    return ResourceExhausted("the spool has no room for {} more; --spool-limit is {}",
                             Mebibytes(bytes), Mebibytes(limit));
  }
  if (bytes <= RoomLeft(actor)) return OkStatus();
  return ResourceExhausted("the coordinator's disk has no room for {} more", Mebibytes(bytes));
}

}  // namespace fedge
