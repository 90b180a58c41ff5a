#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fedge/archive/archive_layout.h"
#include "fedge/archive/archive_writer.h"
#include "fedge/common/file.h"
#include "fedge/common/hash.h"

namespace fedge::internal {

// Writes the pieces of a layout and hashes the file on the way: pieces are written in order, as far
// as their payloads are there; a payload that is streamed in order is hashed as it comes, any other
// is read back. Thread-compatible.
class PieceStream {
 public:
  // `base` outlives the stream. Payloads without content are streamed, or given by SetContent.
  PieceStream(std::unique_ptr<WritableFile> file, const FileBytes& base, std::vector<Piece> pieces,
              std::vector<Payload> payloads);

  // Empties the file and writes what does not wait for a payload.
  Status Start();
  // The next bytes of a streamed payload. Precondition: they continue it and do not exceed it.
  Status WritePayload(std::size_t payload, std::uint64_t offset, std::span<const std::byte> bytes);
  // Precondition: of the payload's size.
  void SetContent(std::size_t payload, std::string content);
  // Precondition: every payload is complete.
  Result<ArchiveWriter::Summary> Finish();

  std::uint64_t written(std::size_t payload) const { return payloads_[payload].written; }
  bool complete(std::size_t payload) const { return written(payload) == payloads_[payload].size; }
  std::uint32_t crc32(std::size_t payload) const { return payloads_[payload].crc32; }

 private:
  struct PayloadState {
    std::uint64_t size = 0;
    std::uint64_t written = 0;
    std::uint32_t crc32 = 0;
    std::uint64_t offset = 0;  // in the file
    std::string content;
    bool streamed = false;
  };

  // Writes and hashes pieces from the current one on, up to the first that is not there yet.
  Status Advance();
  // False in `done` if the piece waits for a payload.
  Status WritePiece(Piece& piece, bool& done);
  Status CopyBase(const Piece& piece);
  Status ReadBack(std::uint64_t begin, std::uint64_t end);
  Status WriteAndHash(std::uint64_t offset, std::span<const std::byte> bytes);
  void Hash(std::span<const std::byte> bytes);

  std::unique_ptr<WritableFile> file_;
  FileBytes base_;
  std::vector<Piece> pieces_;
  std::vector<PayloadState> payloads_;
  std::size_t current_ = 0;   // the first piece that is not hashed
  std::uint64_t hashed_ = 0;  // bytes of the file
  Sha256 sha256_;
  std::uint32_t crc32_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace fedge::internal
