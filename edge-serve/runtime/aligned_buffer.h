#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace fedge::internal {

inline constexpr std::size_t kAlignment = 64;  // of tensors in an arena, scratch, packed constants

constexpr std::size_t AlignUp(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// Uninitialised memory aligned to kAlignment.
inline std::shared_ptr<std::byte> AllocateAligned(std::size_t bytes) {
  constexpr std::align_val_t alignment{kAlignment};
  return {static_cast<std::byte*>(::operator new(bytes == 0 ? 1 : bytes, alignment)),
          [](std::byte* data) { ::operator delete (data, std::align_val_t{kAlignment}); }};
}

}  // namespace fedge::internal
