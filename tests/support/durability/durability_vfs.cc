#include "fedge/testing/durability/durability_vfs.h"

#include <cstring>
#include <filesystem>
#include <new>
#include <string>

#include <sqlite3.h>

#include "fedge/common/check.h"

// A shim (https://www.sqlite.org/vfs.html, "VFS shims") over SQLite's default VFS.
namespace fedge::testing {
namespace {

struct Shim {
  sqlite3_vfs* real = nullptr;
  PowerLossDisk* disk = nullptr;
  CrashPoints* points = nullptr;
};
Shim shim;

// What stands before the real VFS's own file in the memory that SQLite hands over.
struct ShimFile {
  sqlite3_file base;
  std::string* path;
  bool sync_folder;  // of a log that was created: with its first sync its name is durable, too
};

ShimFile* Self(sqlite3_file* file) { return reinterpret_cast<ShimFile*>(file); }
sqlite3_file* Real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(ShimFile));
}
void Pass(const std::string& path, const char* operation) {
  shim.points->Pass(KindOfFile(path) + operation);
}

int Close(sqlite3_file* file) {
  const int code = Real(file)->pMethods->xClose(Real(file));
  delete Self(file)->path;
  return code;
}
int Read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  return Real(file)->pMethods->xRead(Real(file), out, size, offset);
}
int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const std::string& path = *Self(file)->path;
  Pass(path, ".write.before");
  const int code = Real(file)->pMethods->xWrite(Real(file), bytes, size, offset);
  shim.disk->Wrote(path, static_cast<std::uint64_t>(offset),
                   {static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  Pass(path, ".write.after");
  return code;
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const std::string& path = *Self(file)->path;
  Pass(path, ".truncate.before");
  const int code = Real(file)->pMethods->xTruncate(Real(file), size);
  shim.disk->Truncated(path, static_cast<std::uint64_t>(size));
  Pass(path, ".truncate.after");
  return code;
}
int Sync(sqlite3_file* file, int) {
  const std::string& path = *Self(file)->path;
  Pass(path, ".sync.before");
  shim.disk->Synced(path);
  if (Self(file)->sync_folder) {
    shim.disk->SyncedDirectory(std::filesystem::path(path).parent_path().string());
    Self(file)->sync_folder = false;
  }
  Pass(path, ".sync.after");
  return SQLITE_OK;
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Real(file)->pMethods->xFileSize(Real(file), size);
}
int Lock(sqlite3_file* file, int level) { return Real(file)->pMethods->xLock(Real(file), level); }
int Unlock(sqlite3_file* file, int level) {
  return Real(file)->pMethods->xUnlock(Real(file), level);
}
int CheckReservedLock(sqlite3_file* file, int* out) {
  return Real(file)->pMethods->xCheckReservedLock(Real(file), out);
}
int FileControl(sqlite3_file* file, int operation, void* argument) {
  return Real(file)->pMethods->xFileControl(Real(file), operation, argument);
}
int SectorSize(sqlite3_file*) { return 512; }
// None of the promises that let SQLite sync less.
int DeviceCharacteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return Real(file)->pMethods->xShmMap(Real(file), page, size, extend, out);
}
int ShmLock(sqlite3_file* file, int offset, int n, int flags) {
  return Real(file)->pMethods->xShmLock(Real(file), offset, n, flags);
}
void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return Real(file)->pMethods->xShmUnmap(Real(file), remove);
}

// Version 2: no mapped reads and writes, which nothing here would see.
const sqlite3_io_methods kMethods = {2,
                                     Close,
                                     Read,
                                     Write,
                                     Truncate,
                                     Sync,
                                     FileSize,
                                     Lock,
                                     Unlock,
                                     CheckReservedLock,
                                     FileControl,
                                     SectorSize,
                                     DeviceCharacteristics,
                                     ShmMap,
                                     ShmLock,
                                     ShmBarrier,
                                     ShmUnmap,
                                     nullptr,
                                     nullptr};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  std::memset(file, 0, sizeof(ShimFile));
  const bool is_new = name != nullptr && !std::filesystem::exists(name);
  const int code = shim.real->xOpen(shim.real, name, Real(file), flags, out_flags);
  if (Real(file)->pMethods == nullptr) return code;
  Self(file)->path = new std::string(name != nullptr ? name : "");
  Self(file)->base.pMethods = &kMethods;
  const int logs = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
  Self(file)->sync_folder = is_new && (flags & logs) != 0;
  if (is_new && code == SQLITE_OK) shim.disk->Opened(*Self(file)->path);
  return code;
}
int Delete(sqlite3_vfs*, const char* name, int sync_folder) {
  Pass(name, ".remove.before");
  const int code = shim.real->xDelete(shim.real, name, 0);
  if (code == SQLITE_OK) shim.disk->Removed(name);
  if (sync_folder != 0)
    shim.disk->SyncedDirectory(std::filesystem::path(name).parent_path().string());
  Pass(name, ".remove.after");
  return code;
}

}  // namespace

void InstallDurabilityVfs(PowerLossDisk& disk, CrashPoints& points) {
  static sqlite3_vfs vfs;
  shim = {.real = sqlite3_vfs_find(nullptr), .disk = &disk, .points = &points};
  vfs = *shim.real;
  vfs.pNext = nullptr;
  vfs.szOsFile = static_cast<int>(sizeof(ShimFile)) + shim.real->szOsFile;
  vfs.zName = "durability";
  vfs.xOpen = Open;
  vfs.xDelete = Delete;
  FEDGE_CHECK(sqlite3_vfs_register(&vfs, /*makeDflt=*/1) == SQLITE_OK);
}

}  // namespace fedge::testing
