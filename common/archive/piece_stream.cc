#include "fedge/archive/piece_stream.h"

#include <algorithm>
#include <utility>

#include "fedge/archive/bytes.h"

namespace fedge::internal {
namespace {

// Small enough to be still in the cache when it is hashed after being written.
constexpr std::size_t kBlockBytes = 256 << 10;

}  // namespace

PieceStream::PieceStream(std::unique_ptr<WritableFile> file, const FileBytes& base,
                         std::vector<Piece> pieces, std::vector<Payload> payloads)
    : file_(std::move(file)), base_(base), pieces_(std::move(pieces)), payloads_(payloads.size()) {
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    payloads_[i].size = payloads[i].size;
    payloads_[i].streamed = true;
    if (payloads[i].content.has_value()) SetContent(i, std::move(*payloads[i].content));
    if (payloads[i].inflated.has_value()) payloads_[i].crc32 = payloads[i].inflated->crc32;
  }
  for (const Piece& piece : pieces_) {
    if (piece.source == Piece::Source::kPayload) payloads_[piece.payload].offset = piece.offset;
  }
}

Status PieceStream::Start() {
  FEDGE_RETURN_IF_ERROR(file_->Truncate(0));
  // A full disk is found out now, not after the work.
  if (!pieces_.empty())
    FEDGE_RETURN_IF_ERROR(file_->Reserve(0, pieces_.back().offset + pieces_.back().size));
  return Advance();
}

void PieceStream::SetContent(std::size_t payload, std::string content) {
  PayloadState& state = payloads_[payload];
  FEDGE_CHECK(content.size() == state.size);
  state.streamed = false;
  state.written = state.size;
  state.crc32 = Crc32(AsBytes(content));
  state.content = std::move(content);
}

Status PieceStream::WritePayload(std::size_t payload, std::uint64_t offset,
                                 std::span<const std::byte> bytes) {
  PayloadState& state = payloads_[payload];
  FEDGE_CHECK(state.streamed && state.written == offset && bytes.size() <= state.size - offset);
  const std::uint64_t at = state.offset + offset;
  FEDGE_RETURN_IF_ERROR(file_->WriteAt(at, bytes));
  state.crc32 = Crc32(bytes, state.crc32);
  state.written += bytes.size();
  const bool in_order = hashed_ == at && current_ < pieces_.size() &&
                        pieces_[current_].source == Piece::Source::kPayload &&
                        pieces_[current_].payload == payload;
  if (in_order) Hash(bytes);
  return state.written == state.size ? Advance() : OkStatus();
}

Result<ArchiveWriter::Summary> PieceStream::Finish() {
  FEDGE_RETURN_IF_ERROR(Advance());
  FEDGE_CHECK(current_ == pieces_.size());
  FEDGE_RETURN_IF_ERROR(file_->Sync());
  return ArchiveWriter::Summary{.digest = sha256_.Finish(), .size = hashed_, .crc32 = crc32_};
}

Status PieceStream::Advance() {
  for (; current_ < pieces_.size(); ++current_) {
    bool done = true;
    FEDGE_RETURN_IF_ERROR(WritePiece(pieces_[current_], done));
    if (!done) return OkStatus();
  }
  return OkStatus();
}

Status PieceStream::WritePiece(Piece& piece, bool& done) {
  switch (piece.source) {
    case Piece::Source::kBase:
      return CopyBase(piece);
    case Piece::Source::kBytes:
      for (const CrcPatch& patch : piece.patches) {
        done = done && complete(patch.payload);
        StoreLittle(std::as_writable_bytes(std::span(piece.bytes)), patch.offset,
                    crc32(patch.payload));
      }
      return done ? WriteAndHash(piece.offset, AsBytes(piece.bytes)) : OkStatus();
    case Piece::Source::kPayload: {
      const PayloadState& state = payloads_[piece.payload];
      done = complete(piece.payload);
      if (!done) return OkStatus();
      return state.streamed ? ReadBack(hashed_, piece.offset + piece.size)
                            : WriteAndHash(piece.offset, AsBytes(state.content));
    }
  }
  return OkStatus();
}

Status PieceStream::CopyBase(const Piece& piece) {
  std::uint64_t offset = piece.offset;
  return base_.ForEachPiece(piece.base_offset, piece.size,
                            [&](std::span<const std::byte> bytes) -> Status {
                              FEDGE_RETURN_IF_ERROR(WriteAndHash(offset, bytes));
                              offset += bytes.size();
                              return OkStatus();
                            });
}

Status PieceStream::ReadBack(std::uint64_t begin, std::uint64_t end) {
  while (begin < end) {
    buffer_.resize(kBlockBytes);
    const auto block = std::span(buffer_).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, end - begin)));
    FEDGE_RETURN_IF_ERROR(file_->ReadAt(begin, block));
    Hash(block);
    begin += block.size();
  }
  return OkStatus();
}

Status PieceStream::WriteAndHash(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto block = bytes.first(std::min(kBlockBytes, bytes.size()));
    FEDGE_RETURN_IF_ERROR(file_->WriteAt(offset, block));
    Hash(block);
    offset += block.size();
    bytes = bytes.subspan(block.size());
  }
  return OkStatus();
}

void PieceStream::Hash(std::span<const std::byte> bytes) {
  sha256_.Update(bytes);
  crc32_ = Crc32(bytes, crc32_);
  hashed_ += bytes.size();
}

}  // namespace fedge::internal
