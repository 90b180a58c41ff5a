#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "fedge/common/result.h"
#include "fedge/coordinator/store.h"

namespace fedge {

// What a copy in progress is called, behind the database's own name; a crash may leave some.
inline constexpr std::string_view kSnapshotSuffix = ".snapshot-";

// A snapshot of the database at `path`, as of its last commit.
Result<std::unique_ptr<StoreSnapshot>> TakeSnapshot(const std::string& path);

}  // namespace fedge
