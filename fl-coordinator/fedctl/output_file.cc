#include "fedge/fedctl/output_file.h"

#include "fedge/common/file.h"
#include "fedge/fedctl/model_export.h"
#include "fedge/fedctl/partial_file.h"

namespace fedge::fedctl {

Status CheckResultOutput(const std::string& path, bool force) {
  return path == kStandardOutput ? OkStatus() : CheckOutput(path, force);
}

Status WriteOutput(const Console& console, const std::string& path, const std::string& text) {
  if (path == kStandardOutput)
    return console.Print(text) ? OkStatus() : Cancelled("nobody reads the output");
  FEDGE_RETURN_IF_ERROR(WriteFileAtomically(PosixFileSystem(), path, AsBytes(text)));
  LetEverybodyRead(path);
  return OkStatus();
}

}  // namespace fedge::fedctl
