#include "fedge/common/hash.h"

#include <libdeflate.h>
#include <openssl/evp.h>
#include <zlib.h>

#include "fedge/common/check.h"

namespace fedge {

std::uint32_t Crc32(std::span<const std::byte> bytes, std::uint32_t seed) {
  return libdeflate_crc32(seed, bytes.data(), bytes.size());
}

std::uint32_t CombineCrc32(std::uint32_t first, std::uint32_t second, std::uint64_t second_size) {
  return static_cast<std::uint32_t>(
      ::crc32_combine(first, second, static_cast<z_off_t>(second_size)));
}

std::string Digest::Hex() const {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const std::byte byte : bytes) {
    hex.push_back(kDigits[std::to_integer<unsigned>(byte) >> 4]);
    hex.push_back(kDigits[std::to_integer<unsigned>(byte) & 15]);
  }
  return hex;
}

bool Digest::FromHex(std::string_view hex, Digest& out) {
  Digest digest;
  if (hex.size() != 2 * digest.bytes.size()) return false;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    unsigned nibble = 0;
    if (c >= '0' && c <= '9') {
      nibble = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      nibble = static_cast<unsigned>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      nibble = static_cast<unsigned>(c - 'A') + 10;
    } else {
      return false;
    }
    digest.bytes[i / 2] = (digest.bytes[i / 2] << 4) | static_cast<std::byte>(nibble);
  }
  out = digest;
  return true;
}

struct Sha256::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(evp); }
  void Begin() { FEDGE_CHECK(EVP_DigestInit_ex(evp, EVP_sha256(), nullptr) == 1); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { context_->Begin(); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(std::span<const std::byte> bytes) {
  FEDGE_CHECK(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1);
}

Digest Sha256::Finish() {
  Digest digest;
  unsigned size = 0;
  FEDGE_CHECK(EVP_DigestFinal_ex(context_->evp,
                                 reinterpret_cast<unsigned char*>(digest.bytes.data()),
                                 &size) == 1);
  context_->Begin();
  return digest;
}

Digest Sha256::Of(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Finish();
}

}  // namespace fedge
