#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/archive/file_bytes.h"
#include "fedge/archive/zip_directory.h"
#include "fedge/common/result.h"

namespace fedge::internal {

// All that is known of an archive but its bytes.
struct ArchiveContents {
  ZipDirectory directory;
  std::vector<RecordInfo> records;    // in the order of the directory
  std::vector<StorageInfo> storages;  // in the order of the directory
  std::vector<TensorInfo> tensors;
  bool is_module = false;
  // Indices in the order of names, for look-ups.
  std::vector<std::uint32_t> records_by_name;
  std::vector<std::uint32_t> tensors_by_name;

  const RecordInfo* FindRecord(std::string_view name) const;
  const TensorInfo* FindTensor(std::string_view name) const;  // the first of that name
};

// Directory, pickle, class headers: see Archive::Open. Messages lack the path.
Result<ArchiveContents> ReadContents(const FileBytes& file);

// kDataLoss if the content is not what the record's CRC says. Memory does not grow with a record
// that is not deflated.
Status CheckRecord(const FileBytes& file, const RecordInfo& record);
// The uncompressed content, its CRC checked.
Result<std::string> ReadRecord(const FileBytes& file, const RecordInfo& record);

}  // namespace fedge::internal
