#include "fedge/engine/pack_cache.h"

#include "fedge/engine/aligned_buffer.h"

namespace fedge::internal {

Packer::Packed PackCache::Get(const std::string& key, std::size_t bytes,
                              const std::function<void(std::span<std::byte>)>& fill) {
  Entry& entry = entries_[key];
  if (Packer::Packed packed = entry.packed.lock()) return packed;
  const auto made = AllocateAligned(bytes);
  fill({made.get(), bytes});
  entry = {made, bytes};
  return made;
}

std::size_t PackCache::bytes() const {
  std::size_t sum = 0;
  for (const auto& [key, entry] : entries_) sum += entry.packed.expired() ? 0 : entry.bytes;
  return sum;
}

}  // namespace fedge::internal
