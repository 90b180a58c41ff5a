#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fedge/common/file.h"

namespace fedge::testing {

// The operating system's files with switches: a disk that is full, that is broken, or that has
// vanished. Thread-safe.
class FaultyFiles final : public FileSystem {
 public:
  std::atomic<bool> full = false;         // no write finds room
  std::atomic<bool> models_full = false;  // no write to a model does
  std::atomic<bool> broken_sync = false;
  std::atomic<bool> vanished = false;  // nothing can be opened, read or written any more

  Result<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override {
    if (vanished) return Broken(path);
    return files_.OpenForRead(path);
  }
  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) override {
    if (vanished) return Broken(path);
    FEDGE_ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, files_.OpenForWrite(path));
    return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, std::move(file), path));
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return vanished ? Broken(to) : files_.Rename(from, to);
  }
  Status Link(const std::string& from, const std::string& to) override {
    return vanished ? Broken(to) : files_.Link(from, to);
  }
  Status Remove(const std::string& path) override {
    return vanished ? Broken(path) : files_.Remove(path);
  }
  Status CreateDirectory(const std::string& path) override { return files_.CreateDirectory(path); }
  Status SyncDirectory(const std::string& path) override {
    return vanished || broken_sync ? Broken(path) : files_.SyncDirectory(path);
  }
  Result<std::vector<std::string>> List(const std::string& path) override {
    return files_.List(path);
  }
  bool Exists(const std::string& path) override { return files_.Exists(path); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    return files_.Lock(path);
  }

 private:
  static Status Broken(const std::string& path) {
    return Unavailable("{}: Input/output error", path);
  }

  class File final : public WritableFile {
   public:
    File(const FaultyFiles& owner, std::unique_ptr<WritableFile> file, std::string path)
        : owner_(owner), file_(std::move(file)), path_(std::move(path)) {}
    Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
      if (owner_.vanished) return Broken(path_);
      const bool is_model = path_.find("/models/") != std::string::npos;
      if (owner_.full || (is_model && owner_.models_full))
        return ResourceExhausted("{}: No space left on device", path_);
      return file_->WriteAt(offset, bytes);
    }
    Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
      return owner_.vanished ? Broken(path_) : file_->ReadAt(offset, out);
    }
    Result<std::uint64_t> Size() const override { return file_->Size(); }
    Status Reserve(std::uint64_t offset, std::uint64_t size) override {
      if (owner_.full) return ResourceExhausted("{}: No space left on device", path_);
      return file_->Reserve(offset, size);
    }
    Status Truncate(std::uint64_t size) override { return file_->Truncate(size); }
    Status Sync() override {
      return owner_.vanished || owner_.broken_sync ? Broken(path_) : file_->Sync();
    }

   private:
    const FaultyFiles& owner_;
    const std::unique_ptr<WritableFile> file_;
    const std::string path_;
  };

  FileSystem& files_ = PosixFileSystem();
};

}  // namespace fedge::testing
