#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace fedge {

// CRC-32 as ZIP and gzip use it (polynomial 0xEDB88320), continued from `seed` (0 to begin).
std::uint32_t Crc32(std::span<const std::byte> bytes, std::uint32_t seed = 0);
// The CRC-32 of A followed by B, from those of both and B's length: Crc32(B, first) without B.
std::uint32_t CombineCrc32(std::uint32_t first, std::uint32_t second, std::uint64_t second_size);

// The SHA-256 of a content; what names a global model. Ordered and comparable.
struct Digest {
  std::array<std::byte, 32> bytes{};

  // 64 lower-case hexadecimal digits.
  std::string Hex() const;
  // The first 12 digits, for logs and tables.
  std::string ShortHex() const { return Hex().substr(0, 12); }
  // False unless `hex` is 64 hexadecimal digits; then `out` is unchanged.
  static bool FromHex(std::string_view hex, Digest& out);

  friend auto operator<=>(const Digest&, const Digest&) = default;
};

// Incremental SHA-256 (FIPS 180-4). Thread-compatible.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::span<const std::byte> bytes);
  // The digest of everything so far; begins anew afterwards.
  Digest Finish();

  static Digest Of(std::span<const std::byte> bytes);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

inline std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace fedge
