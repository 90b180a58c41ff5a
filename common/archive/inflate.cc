#include "fedge/archive/inflate.h"

#include <memory>

#include <libdeflate.h>

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

}  // namespace fedge::internal
