#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/random.h"

namespace fedge::testing {

// What a disk holds, beside the files that are there: the content of each file as of its last sync,
// the names in each folder as of the folder's last sync. LosePower makes the files be what might be
// found after a loss of power. Follows one folder and all below it; thread-safe.
//
// It knows only of what it is told: by DurabilityFiles (the product's file operations) and by
// DurabilityVfs (SQLite's). A file's identity outlives its renames, and links share it.
class PowerLossDisk {
 public:
  // Everything that is in `folder` now is durable. `folder` is made anew by LosePower.
  explicit PowerLossDisk(std::string folder);

  // ---- What happens; paths outside of the folder are ignored ----
  void Opened(const std::string& path);  // for writing: creates it if it is not there
  void Wrote(const std::string& path, std::uint64_t offset, std::string_view bytes);
  void Truncated(const std::string& path, std::uint64_t size);
  void Synced(const std::string& path);
  void MadeDirectory(const std::string& path);
  void Renamed(const std::string& from, const std::string& to);
  void Linked(const std::string& from, const std::string& to);
  void Removed(const std::string& path);
  void SyncedDirectory(const std::string& path);

  // Replaces the folder by what survives. What was not synced survives or does not, as `seed`
  // draws: each 512-byte sector and each change of a name by itself. Whoever tells the disk
  // anything afterwards waits for ever: end the process.
  void LosePower(std::uint64_t seed);

 private:
  struct Node {
    bool is_folder = false;
    std::string live;
    std::string durable;
    std::set<std::uint64_t> dirty;  // sectors that differ, or might
  };
  using NodePtr = std::shared_ptr<Node>;
  // A change of names that its folder's next sync makes durable.
  struct Change {
    std::string folder;
    std::string removed;  // a name that goes
    std::string added;    // a name that comes
    NodePtr node;
  };

  // The lock that every function works under, for as long as there is power.
  std::unique_lock<std::mutex> Hold();
  bool Follows(const std::string& path) const;
  NodePtr Find(const std::string& path);
  void Apply(const Change& change);
  void Read();
  void DrawChanges(Random& random);
  static std::string SurvivingContent(const Node& node, Random& random);
  void Write(Random& random);
  bool Reachable(const std::string& path) const;

  const std::string folder_;
  std::mutex mutex_;
  std::condition_variable never_;
  bool lost_ = false;
  std::map<std::string, NodePtr> live_;
  std::map<std::string, NodePtr> durable_;
  std::vector<Change> pending_;
};

}  // namespace fedge::testing
