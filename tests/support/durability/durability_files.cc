#include "fedge/testing/durability/durability_files.h"

#include <filesystem>
#include <functional>
#include <utility>

namespace fedge::testing {
namespace {

std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// One operation between its two points.
template <typename Operation, typename Note>
Status Do(CrashPoints& points, const std::string& name, const Operation& operation,
          const Note& note) {
  points.Pass(name + ".before");
  Status status = operation();
  if (status.ok()) note();
  points.Pass(name + ".after");
  return status;
}

class File final : public WritableFile {
 public:
  File(std::unique_ptr<WritableFile> file, std::string path, PowerLossDisk& disk,
       CrashPoints& points)
      : file_(std::move(file)), path_(std::move(path)), disk_(disk), points_(points) {}

  Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
    return Do(
        points_, KindOfFile(path_) + ".write", [&] { return file_->WriteAt(offset, bytes); },
        [&] { disk_.Wrote(path_, offset, AsText(bytes)); });
  }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    return file_->ReadAt(offset, out);
  }
  Status Truncate(std::uint64_t size) override {
    return Do(
        points_, KindOfFile(path_) + ".truncate", [&] { return file_->Truncate(size); },
        [&] { disk_.Truncated(path_, size); });
  }
  Result<std::uint64_t> Size() const override { return file_->Size(); }
  Status Reserve(std::uint64_t offset, std::uint64_t size) override {
    return file_->Reserve(offset, size);
  }
  Status Sync() override {
    return Do(
        points_, KindOfFile(path_) + ".sync", [] { return OkStatus(); },
        [&] { disk_.Synced(path_); });
  }

 private:
  const std::unique_ptr<WritableFile> file_;
  const std::string path_;
  PowerLossDisk& disk_;
  CrashPoints& points_;
};

}  // namespace

std::string KindOfFile(const std::string& path) {
  const std::filesystem::path whole(path);
  const std::string name = whole.filename().string();
  const std::string folder = whole.parent_path().filename().string();
  if (name == "coordinator.db") return "db";
  if (name == "coordinator.db-wal") return "wal";
  if (name == "coordinator.db-journal") return "journal";
  if (name.starts_with("global.pt")) return "global";
  if (name == "acknowledged") return "mark";
  if (name == "spool" || folder == "spool") return "spool";
  if (name == "models" || folder == "models") return "model";
  return "folder";
}

Result<std::unique_ptr<RandomAccessFile>> DurabilityFiles::OpenForRead(const std::string& path) {
  return PosixFileSystem().OpenForRead(path);
}

Result<std::unique_ptr<WritableFile>> DurabilityFiles::OpenForWrite(const std::string& path) {
  points_.Pass(KindOfFile(path) + ".open.before");
  FEDGE_ASSIGN_OR_RETURN(auto file, PosixFileSystem().OpenForWrite(path));
  disk_.Opened(path);
  points_.Pass(KindOfFile(path) + ".open.after");
  return std::unique_ptr<WritableFile>(
      std::make_unique<File>(std::move(file), path, disk_, points_));
}

Status DurabilityFiles::Rename(const std::string& from, const std::string& to) {
  return Do(
      points_, KindOfFile(to) + ".rename", [&] { return PosixFileSystem().Rename(from, to); },
      [&] { disk_.Renamed(from, to); });
}

Status DurabilityFiles::Link(const std::string& from, const std::string& to) {
  return Do(
      points_, KindOfFile(to) + ".link", [&] { return PosixFileSystem().Link(from, to); },
      [&] { disk_.Linked(from, to); });
}

Status DurabilityFiles::Remove(const std::string& path) {
  return Do(
      points_, KindOfFile(path) + ".remove", [&] { return PosixFileSystem().Remove(path); },
      [&] { disk_.Removed(path); });
}

Status DurabilityFiles::CreateDirectory(const std::string& path) {
  return Do(
      points_, KindOfFile(path) + ".mkdir", [&] { return PosixFileSystem().CreateDirectory(path); },
      [&] { disk_.MadeDirectory(path); });
}

Status DurabilityFiles::SyncDirectory(const std::string& path) {
  return Do(
      points_, KindOfFile(path) + ".syncdir", [] { return OkStatus(); },
      [&] { disk_.SyncedDirectory(path); });
}

Result<std::vector<std::string>> DurabilityFiles::List(const std::string& path) {
  return PosixFileSystem().List(path);
}

bool DurabilityFiles::Exists(const std::string& path) { return PosixFileSystem().Exists(path); }

Result<std::unique_ptr<FileLock>> DurabilityFiles::Lock(const std::string& path) {
  return PosixFileSystem().Lock(path);
}

}  // namespace fedge::testing
