#include "fedge/coordinator/store_snapshot.h"

#include <atomic>
#include <cstdint>
#include <utility>

#include "fedge/coordinator/sqlite.h"

namespace fedge {
namespace {

// A connection with an open read transaction.
class SqliteSnapshot final : public StoreSnapshot {
 public:
  SqliteSnapshot(sqlite::Database database, std::string copy_path)
      : database_(std::move(database)), copy_path_(std::move(copy_path)) {}

  Status Begin() {
    FEDGE_RETURN_IF_ERROR(database_.Execute("BEGIN"));
    // The transaction begins with the first look at the file.
    return database_.QueryInteger("SELECT count(*) FROM sqlite_schema").status();
  }

  Result<std::unique_ptr<RandomAccessFile>> Copy() override {
    FileSystem& files = PosixFileSystem();
    FEDGE_RETURN_IF_ERROR(files.OpenForWrite(copy_path_).status());  // for its mode
    const Status copied = CopyTo(copy_path_);
    auto file = copied.ok() ? files.OpenForRead(copy_path_)
                            : Result<std::unique_ptr<RandomAccessFile>>(copied);
    FEDGE_RETURN_IF_ERROR(files.Remove(copy_path_));
    return file;
  }

 private:
  Status CopyTo(const std::string& path) {
    FEDGE_ASSIGN_OR_RETURN(auto target,
                           sqlite::Database::Open(path, sqlite::Database::Mode::kReadWrite));
    sqlite3_backup* const backup =
        sqlite3_backup_init(target.handle(), "main", database_.handle(), "main");
    if (backup == nullptr)
      return sqlite::ErrorStatus(target.handle(), sqlite3_errcode(target.handle()), "backup");
    sqlite3_backup_step(backup, -1);  // an error is told by what follows
    const int code = sqlite3_backup_finish(backup);
    return code == SQLITE_OK ? OkStatus() : sqlite::ErrorStatus(target.handle(), code, "backup");
  }

  sqlite::Database database_;
  const std::string copy_path_;
};

}  // namespace

Result<std::unique_ptr<StoreSnapshot>> TakeSnapshot(const std::string& path) {
  static std::atomic<std::uint64_t> num_snapshots = 0;
  FEDGE_ASSIGN_OR_RETURN(auto database,
                         sqlite::Database::Open(path, sqlite::Database::Mode::kReadOnly));
  auto snapshot = std::make_unique<SqliteSnapshot>(
      std::move(database), fmt::format("{}{}{}", path, kSnapshotSuffix, ++num_snapshots));
  FEDGE_RETURN_IF_ERROR(snapshot->Begin());
  return std::unique_ptr<StoreSnapshot>(std::move(snapshot));
}

}  // namespace fedge
