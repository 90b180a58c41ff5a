#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "fedge/common/result.h"
#include "fedge/engine/kernel.h"

namespace fedge {

struct OneDnnOptions {
  std::string library = "libdnnl.so.2";  // 2.6 or newer; found as the dynamic linker finds any
  int threads = 1;                       // OpenMP threads that one kernel uses
  // For a process that holds another oneDNN, as LibTorch does: that one's weak symbols would take
  // the place of this one's. Has no effect in a build with sanitizers, which can't do it.
  bool own_symbols_first = false;
  // Linear layers of float32 rows with smaller weights are left to the next provider: one row of
  // 784 takes oneDNN 10 % longer than the portable kernel, one of 100 40 %. For large weights what
  // counts is that all batch sizes share them packed.
  std::size_t small_linear_bytes = 1 << 20;
};

// Convolutions, linear layers and matrix products of float32, and of bfloat16 where the CPU has
// instructions for it, by oneDNN. What it does not take, or would compute by its reference code, is
// left to the next provider. A row of a batch gives the same bytes alone and in any batch.
// Thread-safe, kernels as well.
//
// Opens the library (about 9 MB): call it when the first model is loaded, not before. Then also
// sets OMP_WAIT_POLICY to PASSIVE where it is not set.
//
// kUnavailable: no such library; kFailedPrecondition: it is not oneDNN 2.6 or newer 2.x;
// kUnimplemented: built without oneDNN's headers.
Result<std::shared_ptr<const KernelProvider>> MakeOneDnnProvider(OneDnnOptions options = {});

}  // namespace fedge
