#pragma once

#include <cstdint>
#include <string>

#include "fedge/cli/app.h"

namespace fedge {

struct NewModelOptions {
  std::string architecture;
  std::string output;
  std::uint64_t seed = 1;
  bool force = false;
};

// Declares `fl-client new-model`; both outlive the parsing.
void BindNewModel(cli::App& app, NewModelOptions& options);

}  // namespace fedge
