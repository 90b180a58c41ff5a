#include "fedge/coordinator/backup.h"

#include <algorithm>
#include <span>
#include <utility>

#include "fedge/common/check.h"
#include "fedge/common/tar.h"

namespace fedge {

namespace {

// Bytes in memory, read as a file.
class TextFile final : public RandomAccessFile {
 public:
  explicit TextFile(std::string text) : text_(std::move(text)) {}

  std::uint64_t size() const override { return text_.size(); }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    FEDGE_CHECK(offset + out.size() <= text_.size());
    std::copy_n(AsBytes(text_).begin() + static_cast<std::ptrdiff_t>(offset), out.size(),
                out.begin());
    return OkStatus();
  }

 private:
  const std::string text_;
};

}  // namespace

BackupStream::BackupStream(std::vector<BackupFile> files, TimePoint now)
    : files_(std::move(files)), now_(now) {}

Status BackupStream::AddHeader(const std::string& name, std::uint64_t size, std::string& out) {
  FEDGE_ASSIGN_OR_RETURN(const tar::Block header, tar::Header({name, size}, now_));
  out.append(reinterpret_cast<const char*>(header.data()), header.size());
  return OkStatus();
}

Status BackupStream::AddContent(std::size_t max_bytes, std::string& out) {
  const BackupFile& source = files_[current_];
  const std::size_t room = max_bytes - out.size();
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(room, source.size - offset_));
  const std::size_t begin = out.size();
  out.resize(begin + count);
  const auto bytes = std::as_writable_bytes(std::span(out).subspan(begin));
  FEDGE_RETURN_IF_ERROR(source.file->ReadAt(offset_, bytes).WithContext(source.name));
  hash_.Update(bytes);
  offset_ += count;
  return OkStatus();
}

// The header of the current file, or the end.
Status BackupStream::BeginNext(std::string& out) {
  if (current_ == files_.size() && !sums_added_) {
    const std::uint64_t size = sums_.size();
    files_.push_back({kBackupSums, std::make_unique<TextFile>(std::move(sums_)), size, {}});
    sums_added_ = true;
  }
  if (current_ < files_.size()) {
    begun_ = true;
    return AddHeader(files_[current_].name, files_[current_].size, out);
  }
  out.append(tar::kTrailerBytes, '\0');
  ended_ = true;
  return OkStatus();
}

Result<std::string> BackupStream::Next(std::size_t max_bytes) {
  FEDGE_CHECK(max_bytes >= kMinBytes);
  std::string out;
  // With this much room a header, the padding behind a file or the end of the archive fits.
  while (!ended_ && out.size() + kMinBytes <= max_bytes) {
    if (!begun_) {
      FEDGE_RETURN_IF_ERROR(BeginNext(out));
      continue;
    }
    FEDGE_RETURN_IF_ERROR(AddContent(max_bytes - tar::kBlockBytes, out));
    const BackupFile& source = files_[current_];
    if (offset_ < source.size) continue;
    out.append(tar::Padding(source.size), '\0');
    const Digest digest = hash_.Finish();
    if (source.expected && *source.expected != digest)
      return DataLoss("{}: is damaged: its SHA-256 is {}", source.name, digest.Hex());
    sums_ += fmt::format("{}  {}\n", digest.Hex(), source.name);
    ++current_;
    offset_ = 0;
    begun_ = false;
  }
  return out;
}

}  // namespace fedge
