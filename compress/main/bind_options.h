#pragma once

#include "compress_options.h"
#include "fedge/cli/app.h"

namespace fedge {

// Every flag of compress, with its group, range and default. The options outlive the app.
void BindOptions(cli::App& app, CompressOptions& options);

}  // namespace fedge
