#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "fedge/archive/bytes.h"
#include "fedge/common/check.h"
#include "fedge/common/file.h"
#include "fedge/common/file_content.h"
#include "fedge/common/result.h"

namespace fedge::internal {

// The bytes of an archive's file, copied from where they are asked for: memory does not grow with
// what lies around them, and a disk that fails is an error, not a signal. What it reads from
// outlives it. Thread-safe.
class FileBytes {
 public:
  FileBytes(std::span<const std::byte> bytes)  // NOLINT: a span is one kind of file
      : size_(bytes.size()), bytes_(bytes) {}
  explicit FileBytes(const RandomAccessFile& file) : size_(file.size()), file_(&file) {}

  std::uint64_t size() const { return size_; }
  // Precondition of both: the range lies within the file.
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const {
    FEDGE_CHECK(Within(offset, out.size(), size_));
    if (file_ != nullptr) return file_->ReadAt(offset, out);
    const auto part = bytes_.subspan(offset, out.size());
    std::copy(part.begin(), part.end(), out.begin());
    return OkStatus();
  }
  Result<std::string> Read(std::uint64_t offset, std::uint64_t size) const {
    FEDGE_CHECK(Within(offset, size, size_));
    std::string content(size, '\0');
    FEDGE_RETURN_IF_ERROR(ReadAt(offset, std::as_writable_bytes(std::span(content))));
    return content;
  }
  // Hands the range to `take` piece by piece.
  Status ForEachPiece(std::uint64_t offset, std::uint64_t size, const TakePiece& take) const {
    const auto read = [&](std::uint64_t begin, std::span<std::byte> out) {
      return ReadAt(offset + begin, out);
    };
    return fedge::ForEachPiece(size, read, take);
  }

 private:
  std::uint64_t size_;
  std::span<const std::byte> bytes_;
  const RandomAccessFile* file_ = nullptr;
};

}  // namespace fedge::internal
