#include "fedge/engine/providers.h"

#include <utility>

#include "fedge/engine/portable/provider.h"

namespace fedge {

std::vector<std::shared_ptr<const KernelProvider>> DefaultProviders(ProviderOptions options,
                                                                    Status* why_not) {
  std::vector<std::shared_ptr<const KernelProvider>> providers;
  if (why_not != nullptr) *why_not = OkStatus();
  if (options.use_onednn) {
    auto onednn = MakeOneDnnProvider(std::move(options.onednn));
    if (onednn.ok()) {
      providers.push_back(std::move(*onednn));
    } else if (why_not != nullptr) {
      *why_not = std::move(onednn).status();
    }
  }
  providers.push_back(MakePortableProvider());
  return providers;
}

}  // namespace fedge
