#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "fedge/common/result.h"
#include "fedge/common/status.h"

namespace fedge::client {

// A file without a name: the system takes it back when the process ends, however that happens.
// Thread-compatible.
class ScratchFile {
 public:
  // In `folder`, which must exist. kNotFound, kPermissionDenied, kResourceExhausted, naming the
  // folder.
  static Result<ScratchFile> Create(const std::string& folder);
  ScratchFile(ScratchFile&& other) noexcept;
  ScratchFile& operator=(ScratchFile&& other) noexcept;
  ~ScratchFile();

  // kResourceExhausted when there is no room left.
  Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes);
  Status Clear();
  // A path under which this process, and no other, can open the file for as long as this object
  // lives.
  std::string path() const;

 private:
  ScratchFile(int fd, std::string folder) : fd_(fd), folder_(std::move(folder)) {}
  int fd_;
  std::string folder_;
};

}  // namespace fedge::client
