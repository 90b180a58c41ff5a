#pragma once

#include "fedge/testing/durability/crash_points.h"
#include "fedge/testing/durability/power_loss_disk.h"

namespace fedge::testing {

// From now on SQLite's files in this process pass `points` and are followed by `disk`, as those of
// DurabilityFiles. Once per process; both outlive it.
void InstallDurabilityVfs(PowerLossDisk& disk, CrashPoints& points);

}  // namespace fedge::testing
