#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/common/status.h"

namespace fedge {

// A file read at given offsets. Thread-safe.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  virtual std::uint64_t size() const = 0;
  // Fills all of `out` from `offset`. kOutOfRange past the end, kUnavailable on an I/O error.
  virtual Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const = 0;
};

// A file written at given offsets. Writes to ranges that do not overlap are thread-safe.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  // kResourceExhausted when the disk is full.
  virtual Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const = 0;
  virtual Status Truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> Size() const = 0;
  // Claims disk space for bytes that will be written later; the size stays as it is.
  // kResourceExhausted when the disk is full. OK where the file system cannot reserve: then the
  // write itself finds out.
  virtual Status Reserve(std::uint64_t offset, std::uint64_t size) = 0;
  // Returns once the bytes written so far survive a loss of power (fdatasync).
  virtual Status Sync() = 0;
};

// Holds an advisory lock for as long as it lives.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// The file operations of programs that must not lose data: a seam, so that tests can drop what was
// not synced. A new or renamed file is durable only after SyncDirectory of its folder. Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) = 0;
  // Creates the file (mode 0600) or opens the one that is there, keeping its bytes.
  virtual Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) = 0;
  // Replaces `to` in one step.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  // A second name for the same file; `to` must not exist.
  virtual Status Link(const std::string& from, const std::string& to) = 0;
  // OK when the file is not there.
  virtual Status Remove(const std::string& path) = 0;
  // Creates the folder and those above it (mode 0700 for `path` itself). OK when it is there.
  virtual Status CreateDirectory(const std::string& path) = 0;
  virtual Status SyncDirectory(const std::string& path) = 0;
  // Names (not paths) of the regular files in a folder, sorted.
  virtual Result<std::vector<std::string>> List(const std::string& path) = 0;
  virtual bool Exists(const std::string& path) = 0;
  // What an unprivileged program may still write to the file system of this path.
  virtual Result<std::uint64_t> FreeBytes(const std::string& path);
  // kFailedPrecondition when another process holds it.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

// The operating system's files. Lives as long as the process.
FileSystem& PosixFileSystem();

// A whole file mapped read-only. The mapping lives as long as the object; moving keeps its address.
// Thread-safe. For files that nothing else truncates: use RandomAccessFile where a vanishing disk
// must be an error, not a signal.
class MappedFile {
 public:
  // kNotFound, kPermissionDenied, kInvalidArgument (not a regular file), each naming the path. An
  // empty file is OK.
  static Result<MappedFile> Open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }
  // What was read stops counting as this process's memory; it is read again when it is needed.
  void ReleasePages() const;

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

// The whole file as bytes, for small ones. kNotFound and so on as above; kResourceExhausted beyond
// max_bytes.
Result<std::string> ReadFile(const std::string& path, std::uint64_t max_bytes = 64u << 20);

// Writes next to `path`, syncs, renames, syncs the folder: afterwards the old or the new content is
// there, whole.
Status WriteFileAtomically(FileSystem& files, const std::string& path,
                           std::span<const std::byte> bytes);

// The error for errno value `error` on `path`: kNotFound, kPermissionDenied, kResourceExhausted ...
// "PATH: <what>".
Status ErrnoStatus(int error, const std::string& path);

}  // namespace fedge
