#pragma once

#include "client_options.h"

namespace fedge {

// Joins the coordinator and works for it until a signal, or until it cannot go on. Returns the exit
// code.
int RunClient(const ClientOptions& options);

}  // namespace fedge
