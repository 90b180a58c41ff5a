#pragma once

#include <cstddef>
#include <memory>
#include <new>

#include <sys/mman.h>

namespace fedge::internal {

inline constexpr std::size_t kAlignment = 64;  // of tensors in an arena, scratch, packed constants

constexpr std::size_t AlignUp(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// Uninitialised memory aligned to kAlignment. What is large lies in large pages where the system
// has them: weights are touched once when they are packed and all of them in every inference.
inline std::shared_ptr<std::byte> AllocateAligned(std::size_t bytes) {
  constexpr std::size_t kLargePage = std::size_t{2} << 20;
  const std::align_val_t alignment{bytes < kLargePage ? kAlignment : kLargePage};
  auto* const memory = static_cast<std::byte*>(::operator new(bytes == 0 ? 1 : bytes, alignment));
#if defined(MADV_HUGEPAGE)
  if (bytes >= kLargePage) ::madvise(memory, bytes / kLargePage * kLargePage, MADV_HUGEPAGE);
#endif
  return {memory, [alignment](std::byte* data) { ::operator delete(data, alignment); }};
}

}  // namespace fedge::internal
