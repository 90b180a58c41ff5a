#pragma once

#include <map>
#include <memory>
#include <string>

#include "fedge/engine/kernel.h"

namespace fedge::internal {

// The packed constants of a model, kept for as long as a kernel of it uses them. Thread-compatible:
// one plan at a time is built.
class PackCache {
 public:
  // Those under `key`, made now if no kernel uses them yet.
  Packer::Packed Get(const std::string& key, std::size_t bytes,
                     const std::function<void(std::span<std::byte>)>& fill);
  // Of all that are in use.
  std::size_t bytes() const;

 private:
  struct Entry {
    std::weak_ptr<const std::byte> packed;
    std::size_t bytes = 0;
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace fedge::internal
