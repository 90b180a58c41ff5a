#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace fedge::testing {

// The named instants at which a program under test may die: before and after every operation that
// changes what is on disk, "spool.sync.before", "spool.sync.after" ... Thread-safe.
class CrashPoints {
 public:
  // `crash` is called at the `pass`-th passage of `point`, counted from 1; 0: never.
  CrashPoints(std::string point, std::uint64_t pass, std::function<void()> crash)
      : point_(std::move(point)), pass_(pass), crash_(std::move(crash)) {}

  void Pass(const std::string& point) {
    bool dies = false;
    {
      const std::lock_guard lock(mutex_);
      dies = ++passed_[point] == pass_ && point == point_;
    }
    if (dies) crash_();
  }
  std::map<std::string, std::uint64_t> passed() const {
    const std::lock_guard lock(mutex_);
    return passed_;
  }

 private:
  const std::string point_;
  const std::uint64_t pass_;
  const std::function<void()> crash_;
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> passed_;
};

// What a file of a state directory is, for the names of points: "spool", "model", "global", "db",
// "wal" ...
std::string KindOfFile(const std::string& path);

}  // namespace fedge::testing
