#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "fedge/common/tar.h"
#include "fedge/coordinator/backup.h"

namespace fedge {
namespace {

constexpr std::uint64_t kMaxSumsBytes = 16u << 20;
constexpr std::size_t kCopyBytes = 1u << 20;

bool IsPlain(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
  };
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), allowed);
}

// The names that a state directory has; everything else could lead out of the folder.
bool IsOurs(std::string_view name) {
  if (name == "coordinator.db") return true;
  for (const std::string_view folder : {"models/", "spool/"}) {
    if (name.starts_with(folder)) return IsPlain(name.substr(folder.size()));
  }
  return false;
}

// Removes the folder unless it was kept.
class PartialFolder {
 public:
  explicit PartialFolder(std::string path) : path_(std::move(path)) {}
  PartialFolder(const PartialFolder&) = delete;
  PartialFolder& operator=(const PartialFolder&) = delete;
  ~PartialFolder() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove_all(path_, ignored);
  }
  void Keep() { kept_ = true; }

 private:
  const std::string path_;
  bool kept_ = false;
};

// Unpacks one archive into a folder, entry by entry.
class Unpacker {
 public:
  Unpacker(FileSystem& files, const RandomAccessFile& archive, std::string folder)
      : files_(files), archive_(archive), folder_(std::move(folder)) {}

  Status Run() {
    while (true) {
      tar::Block header;
      FEDGE_RETURN_IF_ERROR(Read(header));
      FEDGE_ASSIGN_OR_RETURN(const std::optional<tar::Entry> entry, tar::ParseHeader(header));
      if (!entry) break;
      FEDGE_RETURN_IF_ERROR(entry->name == kBackupSums ? ReadSums(entry->size) : Unpack(*entry));
      offset_ += tar::Padding(entry->size);
    }
    return Verify();
  }

 private:
  Status Read(std::span<std::byte> out) {
    Status status = archive_.ReadAt(offset_, out);
    if (status.code() == StatusCode::kOutOfRange)
      return DataLoss("it ends at byte {}, in the middle", archive_.size());
    offset_ += out.size();
    return status;
  }

  Status ReadSums(std::uint64_t size) {
    if (size > kMaxSumsBytes) return DataLoss("its {} has {} bytes", kBackupSums, size);
    sums_.resize(size);
    return Read(std::as_writable_bytes(std::span(sums_)));
  }

  Status Unpack(const tar::Entry& entry) {
    if (!IsOurs(entry.name))
      return InvalidArgument("it holds '{}', which no coordinator has", entry.name);
    if (entry.size > archive_.size() - offset_)
      return DataLoss("it ends at byte {}, in the middle of {}", archive_.size(), entry.name);
    FEDGE_ASSIGN_OR_RETURN(const auto out, files_.OpenForWrite(folder_ + "/" + entry.name));
    Sha256 hash;
    std::vector<std::byte> buffer(std::min<std::uint64_t>(kCopyBytes, entry.size));
    for (std::uint64_t done = 0; done < entry.size;) {
      const auto piece =
          std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), entry.size - done));
      FEDGE_RETURN_IF_ERROR(Read(piece));
      FEDGE_RETURN_IF_ERROR(out->WriteAt(done, piece));
      hash.Update(piece);
      done += piece.size();
    }
    found_[entry.name] = hash.Finish();
    return out->Sync();
  }

  // Every file has its line in the sums, and every line its file.
  Status Verify() const {
    std::string expected;
    std::set<std::string> lines;
    for (const auto& [name, digest] : found_)
      lines.insert(fmt::format("{}  {}", digest.Hex(), name));
    std::size_t num_lines = 0;
    for (std::size_t begin = 0; begin < sums_.size(); ++num_lines) {
      const std::size_t end = std::min(sums_.find('\n', begin), sums_.size());
      const std::string line = sums_.substr(begin, end - begin);
      if (!lines.contains(line))
        return DataLoss("it does not hold what its {} says: {}", kBackupSums, line.substr(0, 200));
      begin = end + 1;
    }
    if (num_lines == 0) return DataLoss("it has no {}", kBackupSums);
    if (num_lines != found_.size()) return DataLoss("its {} does not name every file", kBackupSums);
    if (!found_.contains("coordinator.db")) return InvalidArgument("it holds no coordinator.db");
    return OkStatus();
  }

  FileSystem& files_;
  const RandomAccessFile& archive_;
  const std::string folder_;
  std::uint64_t offset_ = 0;
  std::map<std::string, Digest> found_;
  std::string sums_;
};

}  // namespace

Status RestoreBackup(FileSystem& files, const std::string& backup, const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::exists(folder, error) &&
      !(fs::is_directory(folder, error) && fs::is_empty(folder, error)))
    return FailedPrecondition(
        "{} is not empty; a backup is restored into a new --state-dir, never over another one",
        folder);
  FEDGE_ASSIGN_OR_RETURN(const auto archive, files.OpenForRead(backup));
  std::string target = folder;
  while (target.size() > 1 && target.back() == '/') target.pop_back();
  const std::string partial = target + ".restoring";
  fs::remove_all(partial, error);
  PartialFolder cleanup(partial);
  for (const char* const name : {"", "/models", "/spool"})
    FEDGE_RETURN_IF_ERROR(files.CreateDirectory(partial + name));
  FEDGE_RETURN_IF_ERROR(Unpacker(files, *archive, partial).Run().WithContext(backup));
  for (const char* const name : {"/models", "/spool", ""})
    FEDGE_RETURN_IF_ERROR(files.SyncDirectory(partial + name));
  FEDGE_RETURN_IF_ERROR(files.Rename(partial, target));
  cleanup.Keep();
  const std::string parent = fs::path(target).parent_path().string();
  return files.SyncDirectory(parent.empty() ? "." : parent);
}

}  // namespace fedge
