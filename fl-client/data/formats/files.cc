#include "fedge/data/formats/files.h"

#include "fedge/common/file.h"

namespace fedge::data {

Result<std::string> FindFile(const std::string& folder,
                             std::span<const std::string_view> subfolders, std::string_view file,
                             std::string_view expected) {
  FileSystem& files = PosixFileSystem();
  if (!files.Exists(folder))
    return NotFound("{}: no such folder; expected one with {}", folder, expected);
  std::vector<std::string> folders{folder};
  for (const std::string_view subfolder : subfolders)
    folders.push_back(fmt::format("{}/{}", folder, subfolder));
  for (const std::string& candidate : folders) {
    for (const std::string_view suffix : {"", ".gz"}) {
      std::string path = fmt::format("{}/{}{}", candidate, file, suffix);
      if (files.Exists(path)) return path;
    }
  }
  return NotFound("{}/{}: not found, nor with .gz; expected {} (in --data-dir)", folder, file,
                  expected);
}

}  // namespace fedge::data
