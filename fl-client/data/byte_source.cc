#include "fedge/data/byte_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <zlib.h>

#include "fedge/common/file.h"

namespace fedge::data {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;
constexpr std::uint64_t kMaxExpansion = 1032;  // of deflate: 258 bytes from two bits
constexpr int kGzipOnly = 16 + MAX_WBITS;      // inflateInit2: a gzip header is required

class MemoryFile final : public RandomAccessFile {
 public:
  explicit MemoryFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return OkStatus();
  }

 private:
  std::span<const std::byte> bytes_;
};

bool IsGzip(std::span<const std::byte> head) {
  return head.size() >= 2 && head[0] == std::byte{0x1f} && head[1] == std::byte{0x8b};
}

}  // namespace

struct ByteSource::Impl {
  std::unique_ptr<RandomAccessFile> file;
  std::string name;
  std::vector<std::byte> buffer;      // raw bytes of the file
  std::span<const std::byte> unread;  // the part of `buffer` not used yet
  std::uint64_t file_offset = 0;      // where `buffer` ends in the file
  std::uint64_t yielded = 0;
  std::uint64_t limit = kNoLimit;
  std::byte peeked{};  // one byte read ahead by AtEnd
  bool has_peeked = false;
  bool gzip = false;
  bool in_member = false;  // inside a gzip member
  z_stream inflater{};

  ~Impl() {
    if (gzip) ::inflateEnd(&inflater);
  }

  Status Start() {
    FEDGE_RETURN_IF_ERROR(Refill());
    if (!IsGzip(unread)) return OkStatus();
    if (::inflateInit2(&inflater, kGzipOnly) != Z_OK)
      return ResourceExhausted("{}: no memory to inflate", name);
    gzip = in_member = true;
    return OkStatus();
  }

  Status Refill() {
    const std::uint64_t left = file->size() - file_offset;
    buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left, kBufferBytes)));
    FEDGE_RETURN_IF_ERROR(file->ReadAt(file_offset, buffer));
    file_offset += buffer.size();
    unread = buffer;
    return OkStatus();
  }

  Result<std::size_t> ReadPlain(std::span<std::byte> out) {
    std::size_t filled = 0;
    while (filled < out.size()) {
      if (unread.empty()) {
        FEDGE_RETURN_IF_ERROR(Refill());
        if (unread.empty()) break;
      }
      const std::size_t count = std::min(unread.size(), out.size() - filled);
      std::memcpy(out.data() + filled, unread.data(), count);
      unread = unread.subspan(count);
      filled += count;
    }
    return filled;
  }

  // After a member: another one, or the end of the file.
  Status NextMember() {
    if (unread.size() < 2 && file_offset < file->size()) {
      file_offset -= unread.size();
      FEDGE_RETURN_IF_ERROR(Refill());
    }
    if (unread.empty()) return OkStatus();
    if (!IsGzip(unread)) {
      return DataLoss("{}: {} bytes at offset {} are no part of the gzip stream before them", name,
                      unread.size() + (file->size() - file_offset), file_offset - unread.size());
    }
    if (::inflateReset(&inflater) != Z_OK) return Internal("{}: inflateReset failed", name);
    in_member = true;
    return OkStatus();
  }

  Result<std::size_t> ReadGzip(std::span<std::byte> out) {
    std::size_t filled = 0;
    while (filled < out.size() && in_member) {
      if (unread.empty()) FEDGE_RETURN_IF_ERROR(Refill());
      const std::size_t room = std::min<std::size_t>(out.size() - filled, 1U << 30);
      inflater.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(unread.data()));
      inflater.avail_in = static_cast<uInt>(unread.size());
      inflater.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
      inflater.avail_out = static_cast<uInt>(room);
      const int outcome = ::inflate(&inflater, Z_NO_FLUSH);
      const std::size_t produced = room - inflater.avail_out;
      const bool starved = unread.empty();
      filled += produced;
      unread = unread.last(inflater.avail_in);
      if (outcome == Z_STREAM_END) {
        in_member = false;
        FEDGE_RETURN_IF_ERROR(NextMember());
      } else if (outcome == Z_BUF_ERROR && starved && produced == 0) {
        return DataLoss(
            "{}: the gzip stream ends too early, after {} inflated bytes: the file is truncated",
            name, yielded + filled);
      } else if (outcome != Z_OK && outcome != Z_BUF_ERROR) {
        return DataLoss("{}: the gzip stream is damaged after {} inflated bytes ({})", name,
                        yielded + filled,
                        inflater.msg != nullptr ? inflater.msg : "no further detail");
      }
    }
    return filled;
  }

  Result<std::size_t> ReadLimited(std::span<std::byte> out) {
    FEDGE_ASSIGN_OR_RETURN(const std::size_t count, gzip ? ReadGzip(out) : ReadPlain(out));
    yielded += count;
    if (yielded > limit)
      return ResourceExhausted("{}: holds more than the {} bytes allowed", name, limit);
    return count;
  }
};

ByteSource::ByteSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource& ByteSource::operator=(ByteSource&&) noexcept = default;
ByteSource::~ByteSource() = default;

Result<ByteSource> ByteSource::Open(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->name = path;
  FEDGE_ASSIGN_OR_RETURN(impl->file, PosixFileSystem().OpenForRead(path));
  FEDGE_RETURN_IF_ERROR(impl->Start());
  return ByteSource(std::move(impl));
}

Result<ByteSource> ByteSource::FromBytes(std::span<const std::byte> bytes, std::string name) {
  auto impl = std::make_unique<Impl>();
  impl->name = std::move(name);
  impl->file = std::make_unique<MemoryFile>(bytes);
  FEDGE_RETURN_IF_ERROR(impl->Start());
  return ByteSource(std::move(impl));
}

Result<std::size_t> ByteSource::Read(std::span<std::byte> out) {
  if (out.empty()) return std::size_t{0};
  if (!impl_->has_peeked) return impl_->ReadLimited(out);
  impl_->has_peeked = false;
  out[0] = impl_->peeked;
  FEDGE_ASSIGN_OR_RETURN(const std::size_t count, impl_->ReadLimited(out.subspan(1)));
  return count + 1;
}

Status ByteSource::ReadExactly(std::span<std::byte> out, std::string_view what) {
  FEDGE_ASSIGN_OR_RETURN(const std::size_t count, Read(out));
  if (count == out.size()) return OkStatus();
  return DataLoss("{}: ends after {} bytes, inside {}: {} bytes are missing", name(), offset(),
                  what, out.size() - count);
}

Status ByteSource::Append(std::uint64_t count, std::string_view what,
                          std::vector<std::uint8_t>& out) {
  while (count > 0) {
    const std::size_t step =
        static_cast<std::size_t>(std::min<std::uint64_t>(count, std::uint64_t{4} << 20));
    const std::size_t before = out.size();
    out.resize(before + step);
    FEDGE_ASSIGN_OR_RETURN(const std::size_t got,
                           Read(std::as_writable_bytes(std::span(out).subspan(before))));
    count -= got;
    if (got < step) {
      out.resize(before + got);
      return DataLoss("{}: ends after {} bytes, inside {}: {} bytes are missing", name(), offset(),
                      what, count);
    }
  }
  return OkStatus();
}

Result<std::string> ByteSource::ReadAll() {
  std::string all;
  while (true) {
    const std::size_t before = all.size();
    all.resize(before + std::max(kBufferBytes, before / 2));
    FEDGE_ASSIGN_OR_RETURN(const std::size_t got,
                           Read(std::as_writable_bytes(std::span(all).subspan(before))));
    if (before + got < all.size()) {
      all.resize(before + got);
      return all;
    }
  }
}

Result<bool> ByteSource::AtEnd() {
  if (impl_->has_peeked) return false;
  FEDGE_ASSIGN_OR_RETURN(const std::size_t got, impl_->ReadLimited(std::span(&impl_->peeked, 1)));
  impl_->has_peeked = got == 1;
  return got == 0;
}

std::uint64_t ByteSource::max_bytes_left() const {
  const std::uint64_t raw = impl_->unread.size() + (impl_->file->size() - impl_->file_offset);
  constexpr std::uint64_t kHeldBack =
      1024;  // a match that the inflater has read, a byte that AtEnd has
  return kHeldBack + (impl_->gzip ? raw * kMaxExpansion : raw);
}

void ByteSource::set_limit(std::uint64_t max_bytes) { impl_->limit = max_bytes; }
const std::string& ByteSource::name() const { return impl_->name; }
std::uint64_t ByteSource::offset() const { return impl_->yielded - (impl_->has_peeked ? 1 : 0); }

}  // namespace fedge::data
