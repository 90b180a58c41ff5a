#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fedge::portable {

// Lays out the parts of a kernel's scratch, each aligned to 64 bytes.
class ScratchPlan {
 public:
  // Where `count` elements of T begin.
  template <class T>
  std::size_t Add(std::int64_t count) {
    const std::size_t at = bytes_;
    bytes_ += (static_cast<std::size_t>(count) * sizeof(T) + 63) / 64 * 64;
    return at;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

template <class T>
T* ScratchAt(std::span<std::byte> scratch, std::size_t offset) {
  return reinterpret_cast<T*>(scratch.data() + offset);
}

}  // namespace fedge::portable
