#include "fedge/testing/durability/power_loss_disk.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "fedge/common/check.h"
#include "fedge/common/file.h"

namespace fedge::testing {
namespace {

constexpr std::uint64_t kSectorBytes = 512;

std::string Parent(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

std::string Normal(const std::string& path) {
  std::string normal = std::filesystem::absolute(path).lexically_normal().string();
  if (normal.ends_with('/')) normal.pop_back();
  return normal;
}

}  // namespace

PowerLossDisk::PowerLossDisk(std::string folder) : folder_(Normal(folder)) { Read(); }

void PowerLossDisk::Read() {
  namespace fs = std::filesystem;
  if (!fs::exists(folder_)) return;
  const auto add = [&](const std::string& path, bool is_folder) {
    // Links to one file become one node.
    for (const auto& [other, node] : live_) {
      if (is_folder || node->is_folder || !fs::equivalent(other, path)) continue;
      live_[path] = node;
      return;
    }
    auto node = std::make_shared<Node>();
    node->is_folder = is_folder;
    if (!is_folder) node->live = node->durable = ReadFile(path, ~std::uint64_t{0}).value();
    live_[path] = std::move(node);
  };
  add(folder_, true);
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    // SQLite's shared memory is no file to anyone after a restart.
    if (!entry.path().string().ends_with("-shm")) add(entry.path().string(), entry.is_directory());
  }
  durable_ = live_;
}

std::unique_lock<std::mutex> PowerLossDisk::Hold() {
  std::unique_lock lock(mutex_);
  never_.wait(lock, [this] { return !lost_; });
  return lock;
}

bool PowerLossDisk::Follows(const std::string& path) const {
  return path == folder_ || path.starts_with(folder_ + "/");
}

PowerLossDisk::NodePtr PowerLossDisk::Find(const std::string& path) {
  const auto found = live_.find(path);
  return found == live_.end() ? nullptr : found->second;
}

void PowerLossDisk::Opened(const std::string& raw) {
  const auto lock = Hold();
  const std::string path = Normal(raw);
  if (!Follows(path) || live_.contains(path)) return;
  pending_.push_back(
      {.folder = Parent(path), .removed = "", .added = path, .node = std::make_shared<Node>()});
  live_[path] = pending_.back().node;
}

void PowerLossDisk::Wrote(const std::string& raw, std::uint64_t offset, std::string_view bytes) {
  const auto lock = Hold();
  const NodePtr node = Find(Normal(raw));
  if (node == nullptr || bytes.empty()) return;
  const std::uint64_t end = offset + bytes.size();
  const std::uint64_t before = std::min<std::uint64_t>(node->live.size(), offset);
  node->live.resize(std::max<std::uint64_t>(node->live.size(), end));
  node->live.replace(offset, bytes.size(), bytes);
  for (std::uint64_t s = before / kSectorBytes; s <= (end - 1) / kSectorBytes; ++s)
    node->dirty.insert(s);
}

void PowerLossDisk::Truncated(const std::string& raw, std::uint64_t size) {
  const auto lock = Hold();
  const NodePtr node = Find(Normal(raw));
  if (node == nullptr) return;
  const std::uint64_t from = std::min<std::uint64_t>(node->live.size(), size) / kSectorBytes;
  const std::uint64_t to = std::max<std::uint64_t>(node->live.size(), size) / kSectorBytes;
  node->live.resize(size);
  for (std::uint64_t s = from; s <= to; ++s) node->dirty.insert(s);
}

void PowerLossDisk::Synced(const std::string& raw) {
  const auto lock = Hold();
  const NodePtr node = Find(Normal(raw));
  if (node == nullptr) return;
  node->durable = node->live;
  node->dirty.clear();
}

void PowerLossDisk::MadeDirectory(const std::string& raw) {
  const auto lock = Hold();
  const std::string path = Normal(raw);
  if (!Follows(path) || live_.contains(path)) return;
  auto node = std::make_shared<Node>();
  node->is_folder = true;
  pending_.push_back({.folder = Parent(path), .removed = "", .added = path, .node = node});
  live_[path] = std::move(node);
}

void PowerLossDisk::Renamed(const std::string& raw_from, const std::string& raw_to) {
  const auto lock = Hold();
  const std::string from = Normal(raw_from);
  const std::string to = Normal(raw_to);
  const NodePtr node = Find(from);
  if (node == nullptr || Find(to) == node) return;  // rename(2) of two links to one file: nothing
  FEDGE_CHECK(Parent(from) == Parent(to));
  pending_.push_back({.folder = Parent(to), .removed = from, .added = to, .node = node});
  live_.erase(from);
  live_[to] = node;
}

void PowerLossDisk::Linked(const std::string& raw_from, const std::string& raw_to) {
  const auto lock = Hold();
  const std::string to = Normal(raw_to);
  const NodePtr node = Find(Normal(raw_from));
  if (node == nullptr) return;
  pending_.push_back({.folder = Parent(to), .removed = "", .added = to, .node = node});
  live_[to] = node;
}

void PowerLossDisk::Removed(const std::string& raw) {
  const auto lock = Hold();
  const std::string path = Normal(raw);
  const NodePtr node = Find(path);
  if (node == nullptr) return;
  pending_.push_back({.folder = Parent(path), .removed = path, .added = "", .node = node});
  live_.erase(path);
}

void PowerLossDisk::SyncedDirectory(const std::string& raw) {
  const auto lock = Hold();
  const std::string path = Normal(raw);
  std::vector<Change> rest;
  for (Change& change : pending_) {
    if (change.folder == path) {
      Apply(change);
    } else {
      rest.push_back(std::move(change));
    }
  }
  pending_ = std::move(rest);
}

void PowerLossDisk::Apply(const Change& change) {
  if (const auto it = durable_.find(change.removed);
      it != durable_.end() && it->second == change.node) {
    durable_.erase(it);
  }
  if (!change.added.empty()) durable_[change.added] = change.node;
}

void PowerLossDisk::LosePower(std::uint64_t seed) {
  const auto lock = Hold();
  lost_ = true;
  Random random(seed);
  DrawChanges(random);
  Write(random);
}

// A journaling file system keeps the order of its changes and loses the last ones; another may lose
// any. Both are drawn.
void PowerLossDisk::DrawChanges(Random& random) {
  const bool in_order = random.Below(2) == 0;
  const std::size_t first_lost = random.Below(pending_.size() + 1);
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if (in_order ? i < first_lost : random.Below(2) == 0) Apply(pending_[i]);
  }
}

std::string PowerLossDisk::SurvivingContent(const Node& node, Random& random) {
  if (node.dirty.empty()) return node.durable;
  std::string content = node.durable;
  content.resize(random.Below(2) == 0 ? node.live.size() : node.durable.size());
  for (const std::uint64_t sector : node.dirty) {
    const std::uint64_t from = sector * kSectorBytes;
    if (random.Below(2) == 0 || from >= content.size() || from >= node.live.size()) continue;
    const std::uint64_t size =
        std::min({kSectorBytes, content.size() - from, node.live.size() - from});
    content.replace(from, size, node.live, from, size);
  }
  return content;
}

bool PowerLossDisk::Reachable(const std::string& path) const {
  if (path == folder_) return true;
  const std::string parent = Parent(path);
  const auto found = durable_.find(parent);
  return found != durable_.end() && found->second->is_folder && Reachable(parent);
}

void PowerLossDisk::Write(Random& random) {
  namespace fs = std::filesystem;
  fs::remove_all(folder_);
  if (!durable_.contains(folder_)) return;
  std::map<Node*, std::string> written;
  for (const auto& [path, node] : durable_) {  // folders come before what is in them
    if (!Reachable(path)) continue;
    if (node->is_folder) {
      fs::create_directory(path);
      fs::permissions(path, fs::perms::owner_all);
    } else if (const auto other = written.find(node.get()); other != written.end()) {
      fs::create_hard_link(other->second, path);
    } else {
      std::ofstream(path, std::ios::binary) << SurvivingContent(*node, random);
      fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
      written[node.get()] = path;
    }
  }
}

}  // namespace fedge::testing
