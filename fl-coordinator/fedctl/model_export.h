#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "fedge/common/hash.h"
#include "fedge/common/result.h"
#include "fedge/fedctl/admin_client.h"
#include "fedge/fedctl/console.h"

namespace fedge::fedctl {

struct ExportedModel {
  std::uint64_t round = 0;  // after which round; 0: as given
  std::uint64_t size = 0;
  Digest digest;
};

// OK if `path` may be written: kAlreadyExists unless `force`, kInvalidArgument for a folder and for
// "-", which is no file.
Status CheckOutput(const std::string& path, bool force);

// Fetches a global model (the newest, or the one after `round`) into `path`: first into a file
// beside it, renamed once its digest is right. kDataLoss if it is not.
Result<ExportedModel> ExportModel(AdminClient& client, std::optional<std::uint64_t> round,
                                  const std::string& path);
// The same into console.out as it comes: after an error what was written is worth nothing.
Result<ExportedModel> ExportModel(AdminClient& client, std::optional<std::uint64_t> round,
                                  const Console& console);

}  // namespace fedge::fedctl
