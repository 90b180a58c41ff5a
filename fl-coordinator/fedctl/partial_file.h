#pragma once

#include <memory>
#include <string>

#include "fedge/common/file.h"
#include "fedge/common/result.h"

namespace fedge::fedctl {

// A result, unlike the coordinator's own files, is for whoever may read its folder.
void LetEverybodyRead(const std::string& path);

// A file that is written beside its final place, and gets its name only when it is whole; removed
// if it does not come to that.
class PartialFile {
 public:
  enum class Readers { kOwner, kEverybody };

  static Result<PartialFile> Create(const std::string& path);
  PartialFile(PartialFile&& other) noexcept;
  PartialFile& operator=(PartialFile&&) = delete;
  ~PartialFile();

  WritableFile& file() { return *file_; }
  // Durable, and at its place.
  Status Keep(Readers readers);

 private:
  PartialFile(std::string path, std::string partial, std::unique_ptr<WritableFile> file);

  std::string path_;
  std::string partial_;  // empty: nothing is left to remove
  std::unique_ptr<WritableFile> file_;
};

}  // namespace fedge::fedctl
