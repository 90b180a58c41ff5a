#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <span>

#include "fedge/engine/portable/convert.h"
#include "fedge/engine/portable/kernels.h"

namespace fedge::portable {

// What a kernel that computes in one type wants of an input.
enum class Layout : std::uint8_t {
  kAny,             // any strides
  kLastContiguous,  // the last dimension without gaps
  kChannelsLast,    // dimension 1 without gaps
  kRowMajor,        // all of it without gaps
  kRaw,             // whatever it is: the kernel reads it with Load
};

using InnerMaker = std::function<KernelPtr(const KernelRequest&)>;

// A kernel made by `make` for tensors computed as `compute` in these layouts (kAny beyond their
// end), between copies of what is stored otherwise. Tensors of another kind (a bool mask, indices)
// are left as they are. Constants are copied once.
KernelPtr MakeStaged(const KernelRequest& request, DType compute, std::span<const Layout> layouts,
                     const InnerMaker& make);

// The same for K<T>(op, request), T being what x, the first input, is computed in.
template <template <class> class K, class Operator>
KernelPtr MakeFloating(const Operator& op, const KernelRequest& request,
                       std::initializer_list<Layout> layouts = {}) {
  return WithComputeType(request.inputs[0].dtype, [&]<class T>() -> KernelPtr {
    if constexpr (std::floating_point<T>) {
      return MakeStaged(request, DTypeOf<T>(), {layouts.begin(), layouts.size()},
                        [&](const KernelRequest& inner) -> KernelPtr {
                          return std::make_unique<K<T>>(op, inner);
                        });
    } else {
      return nullptr;
    }
  });
}

// And where T may be std::int64_t as well.
template <template <class> class K, class Operator>
KernelPtr MakeNumeric(const Operator& op, const KernelRequest& request,
                      std::initializer_list<Layout> layouts = {}) {
  return WithComputeType(request.inputs[0].dtype, [&]<class T>() {
    return MakeStaged(
        request, DTypeOf<T>(), {layouts.begin(), layouts.size()},
        [&](const KernelRequest& inner) -> KernelPtr { return std::make_unique<K<T>>(op, inner); });
  });
}

}  // namespace fedge::portable
