#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include <unistd.h>

#include "fedge/common/check.h"

namespace fedge::testing {

// A folder of its own for one test, removed with everything in it.
class TempDirectory {
 public:
  TempDirectory() : TempDirectory(std::filesystem::temp_directory_path()) {}
  explicit TempDirectory(const std::filesystem::path& parent) {
    std::string pattern = (parent / "fedge-XXXXXX").string();
    FEDGE_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  // Where syncs cost nothing, for tests that make very many; the same as the others if there is no
  // such place.
  static std::filesystem::path InMemory() {
    const std::filesystem::path memory = "/dev/shm";
    return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace fedge::testing
