#pragma once

#include "coordinator_options.h"

namespace fedge {

// Listens until a signal comes; returns the exit code.
int RunCoordinator(const CoordinatorOptions& options);

}  // namespace fedge
