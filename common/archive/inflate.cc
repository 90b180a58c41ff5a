#include "fedge/archive/inflate.h"

#include <memory>

#include <libdeflate.h>

#include "fedge/common/check.h"

namespace fedge::internal {

Status Inflate(std::span<const std::byte> deflated, std::span<std::byte> out) {
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>
      decompressor(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (decompressor == nullptr) return ResourceExhausted("no memory to inflate it");
  std::byte none{};  // libdeflate wants a place to write to, even for nothing
  std::size_t written = 0;
  const auto result =
      libdeflate_deflate_decompress(decompressor.get(), deflated.data(), deflated.size(),
                                    out.empty() ? &none : out.data(), out.size(), &written);
  switch (result) {
    case LIBDEFLATE_SUCCESS:
      if (written == out.size()) return OkStatus();
      return DataLoss("it inflates to {} bytes, not {}", written, out.size());
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      return DataLoss("it inflates to more than {} bytes", out.size());
    default:
      return DataLoss("its deflated data are malformed");
  }
}

std::string Deflate(std::span<const std::byte> bytes) {
  constexpr int kLevel = 9;
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(kLevel), &libdeflate_free_compressor);
  FEDGE_CHECK(compressor != nullptr);
  std::string out(libdeflate_deflate_compress_bound(compressor.get(), bytes.size()), '\0');
  const std::size_t size = libdeflate_deflate_compress(compressor.get(), bytes.data(), bytes.size(),
                                                       out.data(), out.size());
  FEDGE_CHECK(size > 0);
  out.resize(size);
  return out;
}

}  // namespace fedge::internal
