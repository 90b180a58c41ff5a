#pragma once

#include "compress_options.h"

namespace fedge {

// The whole of compress; returns the exit code.
int RunCompress(const CompressOptions& options, bool quiet);

}  // namespace fedge
