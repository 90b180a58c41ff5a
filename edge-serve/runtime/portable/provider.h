#pragma once

#include <memory>

#include "fedge/engine/kernel.h"

namespace fedge {

// Portable C++ for every operator and every layout: the first provider of a device without a better
// one, and what the others are tested against. Computes in float32, or float64 where tensors are;
// the half types are converted where they are read and written. A row of a batch gives the same
// bytes alone and in any batch. Thread-safe.
std::unique_ptr<KernelProvider> MakePortableProvider();

}  // namespace fedge
