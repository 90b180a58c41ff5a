// Unpickles the input, whose classes all have the same code, and names its tensors.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fedge/archive/module_tree.h"
#include "fedge/archive/unpickler.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto pickle = fedge::internal::Unpickle(bytes);
  if (!pickle.ok()) return 0;
  // The input's own bytes are the code: the reader of class headers sees text of any kind.
  const auto code = [&](const std::string&) -> fedge::Result<std::string> {
    return "class M(Module):\n  __parameters__ = [\"w\", ]\n  __buffers__ = [\"b\", ]\n" +
           std::string(bytes);
  };
  (void)fedge::internal::ListTensors(*pickle, code);
  return 0;
}
