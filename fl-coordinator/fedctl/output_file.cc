#include "fedge/fedctl/output_file.h"

#include <filesystem>

#include "fedge/common/file.h"
#include "fedge/fedctl/model_export.h"

namespace fedge::fedctl {

Status CheckResultOutput(const std::string& path, bool force) {
  return path == kStandardOutput ? OkStatus() : CheckOutput(path, force);
}

Status WriteOutput(const Console& console, const std::string& path, const std::string& text) {
  if (path == kStandardOutput)
    return console.Print(text) ? OkStatus() : Cancelled("nobody reads the output");
  FEDGE_RETURN_IF_ERROR(WriteFileAtomically(PosixFileSystem(), path, AsBytes(text)));
  using std::filesystem::perms;
  std::error_code ignored;
  // A result, unlike the coordinator's own files, is for whoever may read the folder.
  std::filesystem::permissions(
      path, perms::owner_read | perms::owner_write | perms::group_read | perms::others_read,
      ignored);
  return OkStatus();
}

}  // namespace fedge::fedctl
