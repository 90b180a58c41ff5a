#pragma once

#include <memory>
#include <vector>

#include "fedge/engine/kernel.h"
#include "fedge/engine/onednn/provider.h"

namespace fedge {

struct ProviderOptions {
  bool use_onednn = true;
  OneDnnOptions onednn = {};
};

// For ModelOptions::providers: oneDNN if it can be opened (see MakeOneDnnProvider for when to call
// this), then portable C++, which has a kernel for everything. `why_not` says why oneDNN is left
// out; OK where it is there or not wanted.
std::vector<std::shared_ptr<const KernelProvider>> DefaultProviders(ProviderOptions options = {},
                                                                    Status* why_not = nullptr);

}  // namespace fedge
