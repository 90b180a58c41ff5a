#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/common/status.h"

namespace fedge::data {

// The bytes of a file from first to last, inflated on the way if the file is gzip (told by its
// first bytes, not by its name; several members in a row are one stream). Holds two small buffers,
// whatever the size of the file. Thread-compatible.
class ByteSource {
 public:
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  // kNotFound and so on, naming the path.
  static Result<ByteSource> Open(const std::string& path);
  // The same over bytes that outlive the source. `name` stands for the path in messages.
  static Result<ByteSource> FromBytes(std::span<const std::byte> bytes, std::string name);
  ByteSource(ByteSource&&) noexcept;
  ByteSource& operator=(ByteSource&&) noexcept;
  ~ByteSource();

  // Fills `out`, or less of it where the data end. Returns the count.
  // kDataLoss            the gzip stream is torn or its checksum is wrong
  // kResourceExhausted   the data are longer than the limit
  Result<std::size_t> Read(std::span<std::byte> out);
  // Fills all of `out`. kDataLoss if the data end before: `what` says what was to be read ("the
  // header").
  Status ReadExactly(std::span<std::byte> out, std::string_view what);
  // Appends `count` bytes to `out`, which grows with what is really there, not with what a header
  // claims.
  Status Append(std::uint64_t count, std::string_view what, std::vector<std::uint8_t>& out);
  // All that is left.
  Result<std::string> ReadAll();
  // Whether nothing is left.
  Result<bool> AtEnd();

  // No more than this is left: the rest of the file, or what deflate can make of it at best.
  std::uint64_t max_bytes_left() const;

  // Refuses to yield more than this many bytes in all.
  void set_limit(std::uint64_t max_bytes);
  const std::string& name() const;
  std::uint64_t offset() const;  // bytes yielded so far

 private:
  struct Impl;
  explicit ByteSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fedge::data
