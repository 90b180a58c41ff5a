// In place of everything else here where oneDNN's headers are missing.
#include "fedge/engine/onednn/provider.h"

namespace fedge {

Result<std::shared_ptr<const KernelProvider>> MakeOneDnnProvider(OneDnnOptions) {
  return Unimplemented("built without oneDNN: its headers (libdnnl-dev) were missing");
}

}  // namespace fedge
