#pragma once

#include "client_options.h"
#include "fedge/cli/app.h"

namespace fedge {

// Declares every flag of fl-client; both outlive the parsing.
void BindOptions(cli::App& app, ClientOptions& options);

}  // namespace fedge
