#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace fedge {

// SplitMix64's finaliser (Steele, Lea, Flood 2014): a bijection that spreads every bit.
constexpr std::uint64_t Mix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

// FNV-1a over the bytes, then mixed: a seed from a name, the same on every machine.
constexpr std::uint64_t HashName(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return Mix64(hash);
}

constexpr std::uint64_t CombineSeeds(std::uint64_t a, std::uint64_t b) {
  return Mix64(a ^ Mix64(b));
}

// A seeded generator whose sequence is part of this project's contract: the same on every platform
// and standard library, which std::shuffle and the standard distributions are not.
// Thread-compatible.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t Next() {
    const std::uint64_t value = Mix64(state_);
    state_ += 0x9e3779b97f4a7c15U;
    return value;
  }
  // Uniform in [0, bound), without bias (Lemire 2019). bound > 0.
  constexpr std::uint64_t Below(std::uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(Next()) * bound;
    if (static_cast<std::uint64_t>(product) < bound) {
      const std::uint64_t threshold = (0 - bound) % bound;
      while (static_cast<std::uint64_t>(product) < threshold)
        product = static_cast<Wide>(Next()) * bound;
    }
    return static_cast<std::uint64_t>(product >> 64);
  }
  // Uniform in [0, 1), 53 bits.
  constexpr double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

  // Fisher-Yates.
  template <typename T>
  constexpr void Shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(i)]);
  }

 private:
  std::uint64_t state_;
};

}  // namespace fedge
