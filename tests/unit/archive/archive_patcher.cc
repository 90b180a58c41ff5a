// archive_patcher BASE OUT: a copy with every float32 element one larger and an extra record, for
// python_load_test.py.
#include <cstring>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "fedge/archive/archive.h"
#include "fedge/archive/archive_writer.h"
#include "fedge/common/file.h"

namespace fedge {
namespace {

Status WriteStorage(const Archive& base, std::size_t storage, ArchiveWriter& writer) {
  FEDGE_ASSIGN_OR_RETURN(const auto bytes, base.StorageBytes(storage));
  std::vector<std::byte> changed(bytes.begin(), bytes.end());
  if (base.storages()[storage].dtype == DType::kFloat32) {
    for (std::size_t i = 0; i < changed.size(); i += sizeof(float)) {
      float value = 0;
      std::memcpy(&value, &changed[i], sizeof value);
      value += 1;
      std::memcpy(&changed[i], &value, sizeof value);
    }
  }
  return writer.WriteStorage(storage, 0, changed);
}

Status Patch(const std::string& from, const std::string& to) {
  FEDGE_ASSIGN_OR_RETURN(const Archive base, Archive::Open(from));
  ArchiveWriter::Options options{.extras = {{"fedge/provenance.json", "{\"round\":7}"}}};
  for (std::size_t i = 0; i < base.storages().size(); ++i) options.replaced_storages.push_back(i);
  FEDGE_ASSIGN_OR_RETURN(auto writer, ArchiveWriter::Create(base, PosixFileSystem(), to, options));
  for (const std::size_t storage : options.replaced_storages) {
    FEDGE_RETURN_IF_ERROR(WriteStorage(base, storage, writer));
  }
  return writer.Finish().status();
}

}  // namespace
}  // namespace fedge

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const fedge::Status status = fedge::Patch(argv[1], argv[2]);
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
