#include "fedge/common/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace fedge {
namespace {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

Descriptor OpenRetrying(const std::string& path, int flags, mode_t mode = 0) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return Descriptor(fd);
}

Status ReadAllAt(int fd, const std::string& path, std::uint64_t offset, std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, path);
    if (got == 0)
      return OutOfRange("{}: ends {} bytes too early (at offset {})", path, out.size(), offset);
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return OkStatus();
}

class PosixReadFile final : public RandomAccessFile {
 public:
  PosixReadFile(Descriptor fd, std::string path, std::uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}
  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    return ReadAllAt(fd_.get(), path_, offset, out);
  }

 private:
  Descriptor fd_;
  std::string path_;
  std::uint64_t size_;
};

class PosixWriteFile final : public WritableFile {
 public:
  PosixWriteFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t put =
          ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return ErrnoStatus(errno, path_);
      offset += static_cast<std::uint64_t>(put);
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
    return OkStatus();
  }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    return ReadAllAt(fd_.get(), path_, offset, out);
  }
  Status Truncate(std::uint64_t size) override {
    return ::ftruncate(fd_.get(), static_cast<off_t>(size)) == 0 ? OkStatus()
                                                                 : ErrnoStatus(errno, path_);
  }
  Result<std::uint64_t> Size() const override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return ErrnoStatus(errno, path_);
    return static_cast<std::uint64_t>(info.st_size);
  }
  Status Reserve(std::uint64_t offset, std::uint64_t size) override {
    int outcome = 0;
    do {
      outcome = ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                            static_cast<off_t>(size));
    } while (outcome != 0 && errno == EINTR);
    if (outcome == 0 || errno == EOPNOTSUPP || errno == ENOSYS) return OkStatus();
    return ErrnoStatus(errno, path_);
  }
  Status Sync() override {
    return ::fdatasync(fd_.get()) == 0 ? OkStatus() : ErrnoStatus(errno, path_);
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;
};

class PosixFiles final : public FileSystem {
 public:
  Result<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override {
    Descriptor fd = OpenRetrying(path, O_RDONLY);
    if (!fd.valid()) return ErrnoStatus(errno, path);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, path);
    if (!S_ISREG(info.st_mode)) return InvalidArgument("{}: is not a regular file", path);
    return std::unique_ptr<RandomAccessFile>(std::make_unique<PosixReadFile>(
        std::move(fd), path, static_cast<std::uint64_t>(info.st_size)));
  }

  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) override {
    Descriptor fd = OpenRetrying(path, O_RDWR | O_CREAT, 0600);
    if (!fd.valid()) return ErrnoStatus(errno, path);
    return std::unique_ptr<WritableFile>(std::make_unique<PosixWriteFile>(std::move(fd), path));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? OkStatus() : ErrnoStatus(errno, to);
  }

  Status Link(const std::string& from, const std::string& to) override {
    return ::link(from.c_str(), to.c_str()) == 0 ? OkStatus() : ErrnoStatus(errno, to);
  }

  Status Remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 || errno == ENOENT ? OkStatus() : ErrnoStatus(errno, path);
  }

  Status CreateDirectory(const std::string& path) override {
    std::error_code error;
    const auto parent = std::filesystem::path(path).parent_path();
    if (!parent.empty()) std::filesystem::create_directories(parent, error);
    if (error) return ErrnoStatus(error.value(), parent.string());
    if (::mkdir(path.c_str(), 0700) == 0) return OkStatus();
    const int failure = errno;
    if (failure == EEXIST && std::filesystem::is_directory(path, error)) return OkStatus();
    return ErrnoStatus(failure, path);
  }

  Status SyncDirectory(const std::string& path) override {
    const Descriptor fd = OpenRetrying(path, O_RDONLY | O_DIRECTORY);
    if (!fd.valid()) return ErrnoStatus(errno, path);
    return ::fsync(fd.get()) == 0 ? OkStatus() : ErrnoStatus(errno, path);
  }

  Result<std::vector<std::string>> List(const std::string& path) override {
    std::error_code error;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator it(path, error), end; !error && it != end;
         it.increment(error)) {
      if (it->is_regular_file(error)) names.push_back(it->path().filename().string());
    }
    if (error) return ErrnoStatus(error.value(), path);
    std::sort(names.begin(), names.end());
    return names;
  }

  bool Exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    Descriptor fd = OpenRetrying(path, O_RDWR | O_CREAT, 0600);
    if (!fd.valid()) return ErrnoStatus(errno, path);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK)
        return FailedPrecondition("{}: another process holds this lock", path);
      return ErrnoStatus(errno, path);
    }
    return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(std::move(fd)));
  }
};

}  // namespace

FileSystem& PosixFileSystem() {
  static PosixFiles files;
  return files;
}

Result<std::uint64_t> FileSystem::FreeBytes(const std::string& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return ErrnoStatus(errno, path);
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

Result<MappedFile> MappedFile::Open(const std::string& path) {
  const Descriptor fd = OpenRetrying(path, O_RDONLY);
  if (!fd.valid()) return ErrnoStatus(errno, path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, path);
  if (!S_ISREG(info.st_mode)) return InvalidArgument("{}: is not a regular file", path);
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size == 0) return MappedFile({});
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (address == MAP_FAILED) return ErrnoStatus(errno, path);
  return MappedFile({static_cast<const std::byte*>(address), size});
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

void MappedFile::ReleasePages() const {
  // A hint: where it is not taken, nothing but memory is lost.
  if (!bytes_.empty())
    ::madvise(const_cast<std::byte*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

Result<std::string> ReadFile(const std::string& path, std::uint64_t max_bytes) {
  FEDGE_ASSIGN_OR_RETURN(const auto file, PosixFileSystem().OpenForRead(path));
  if (file->size() > max_bytes) {
    return ResourceExhausted("{}: is {} bytes long; at most {} are read", path, file->size(),
                             max_bytes);
  }
  std::string content(file->size(), '\0');
  FEDGE_RETURN_IF_ERROR(file->ReadAt(0, std::as_writable_bytes(std::span(content))));
  return content;
}

Status WriteFileAtomically(FileSystem& files, const std::string& path,
                           std::span<const std::byte> bytes) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  const auto write = [&]() -> Status {
    FEDGE_ASSIGN_OR_RETURN(const auto file, files.OpenForWrite(temporary));
    FEDGE_RETURN_IF_ERROR(file->Truncate(0));
    FEDGE_RETURN_IF_ERROR(file->WriteAt(0, bytes));
    FEDGE_RETURN_IF_ERROR(file->Sync());
    FEDGE_RETURN_IF_ERROR(files.Rename(temporary, path));
    const std::string folder = std::filesystem::path(path).parent_path().string();
    return files.SyncDirectory(folder.empty() ? "." : folder);
  };
  Status status = write();
  if (!status.ok()) files.Remove(temporary).ok();
  return status;
}

Status ErrnoStatus(int error, const std::string& path) {
  const std::string what = std::generic_category().message(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return NotFound("{}: {}", path, what);
    case EACCES:
    case EPERM:
    case EROFS:
      return PermissionDenied("{}: {}", path, what);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
      return ResourceExhausted("{}: {}", path, what);
    case EEXIST:
      return AlreadyExists("{}: {}", path, what);
    case EISDIR:
      return InvalidArgument("{}: {}", path, what);
    default:
      return Unavailable("{}: {}", path, what);
  }
}

}  // namespace fedge
