#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "fedge/common/file.h"

namespace fedge::testing {

// The operating system's files, with a record of what makes bytes durable and switches that make
// operations fail. Thread-safe but for the switches.
class RecordingFiles final : public FileSystem {
 public:
  bool fail_link = false;
  bool fail_sync = false;
  bool fail_reserve = false;

  // What was done since the last call: "sync NAME", "rename FROM TO", "sync-folder NAME" ...
  std::vector<std::string> TakeOperations() {
    const std::lock_guard lock(mutex_);
    return std::exchange(operations_, {});
  }

  Result<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override {
    return posix_.OpenForRead(path);
  }
  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) override {
    FEDGE_ASSIGN_OR_RETURN(auto file, posix_.OpenForWrite(path));
    return std::unique_ptr<WritableFile>(
        std::make_unique<File>(*this, std::move(file), Name(path)));
  }
  Status Rename(const std::string& from, const std::string& to) override {
    Record("rename " + Name(from) + " " + Name(to));
    return posix_.Rename(from, to);
  }
  Status Link(const std::string& from, const std::string& to) override {
    if (fail_link) return PermissionDenied("{}: no hard links here", to);
    Record("link " + Name(from) + " " + Name(to));
    return posix_.Link(from, to);
  }
  Status Remove(const std::string& path) override { return posix_.Remove(path); }
  Status CreateDirectory(const std::string& path) override { return posix_.CreateDirectory(path); }
  Status SyncDirectory(const std::string& path) override {
    Record("sync-folder " + Name(path));
    return posix_.SyncDirectory(path);
  }
  Result<std::vector<std::string>> List(const std::string& path) override {
    return posix_.List(path);
  }
  bool Exists(const std::string& path) override { return posix_.Exists(path); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    return posix_.Lock(path);
  }

 private:
  class File final : public WritableFile {
   public:
    File(RecordingFiles& files, std::unique_ptr<WritableFile> file, std::string name)
        : files_(files), file_(std::move(file)), name_(std::move(name)) {}
    Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
      return file_->WriteAt(offset, bytes);
    }
    Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
      return file_->ReadAt(offset, out);
    }
    Status Truncate(std::uint64_t size) override { return file_->Truncate(size); }
    Result<std::uint64_t> Size() const override { return file_->Size(); }
    Status Reserve(std::uint64_t offset, std::uint64_t size) override {
      if (files_.fail_reserve) return ResourceExhausted("{}: the disk is full", name_);
      return file_->Reserve(offset, size);
    }
    Status Sync() override {
      if (files_.fail_sync) return Unavailable("{}: the disk is broken", name_);
      files_.Record("sync " + name_);
      return file_->Sync();
    }

   private:
    RecordingFiles& files_;
    std::unique_ptr<WritableFile> file_;
    std::string name_;
  };

  static std::string Name(const std::string& path) {
    return std::filesystem::path(path).filename().string();
  }
  void Record(std::string operation) {
    const std::lock_guard lock(mutex_);
    operations_.push_back(std::move(operation));
  }

  FileSystem& posix_ = PosixFileSystem();
  std::mutex mutex_;
  std::vector<std::string> operations_;
};

}  // namespace fedge::testing
