#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/common/status.h"
#include "fedge/tensor/dtype.h"

namespace fedge {

enum class TensorKind : std::uint8_t { kParameter, kBuffer, kAttribute };

// A named tensor of the module tree: a view of one storage.
struct TensorInfo {
  std::string name;  // "conv1.weight"
  TensorKind kind = TensorKind::kAttribute;
  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  // in elements
  std::size_t storage = 0;            // index into Archive::storages()
  std::uint64_t storage_offset = 0;   // in elements
  bool requires_grad = false;

  std::uint64_t num_elements() const;
  // Whether the elements lie row-major without gaps, from storage_offset on.
  bool is_contiguous() const;
  bool trainable() const {
    return kind == TensorKind::kParameter && requires_grad && IsFloatingPoint(dtype);
  }
};

// One tensor record of the archive: what tensors are views of.
struct StorageInfo {
  std::string record;  // "data/3", without the archive's root folder
  DType dtype = DType::kFloat32;
  std::uint64_t num_elements = 0;
  std::uint32_t crc32 = 0;        // as the central directory says
  bool deflated = false;          // else the bytes lie in the file as they are
  std::uint64_t file_offset = 0;  // of the record's data

  std::uint64_t num_bytes() const { return num_elements * DTypeSize(dtype); }
};

struct RecordInfo {
  std::string name;        // without the root folder: "data.pkl", "extra/fedge/schema.json"
  std::uint64_t size = 0;  // uncompressed bytes
  std::uint64_t stored_size = 0;
  std::uint32_t crc32 = 0;
  bool deflated = false;
  std::uint64_t header_offset = 0;  // of the local header
  std::uint64_t data_offset = 0;
};

namespace internal {
struct ZipDirectory;
class FileBytes;
}  // namespace internal

// A TorchScript `.pt` (or a `torch.save` of tensors) opened by mapping it, without LibTorch and
// without executing anything. Reads what torch.jit.save of 1.13 to 2.13 and C++ Module::save write.
// Every size and offset in the file is checked against the file; memory grows at most in proportion
// to it. Immutable after Open and thread-safe; moving keeps spans valid. The file must not be
// truncated while it is open (a mapping's pages would vanish): replace files by rename.
class Archive {
 public:
  // Errors name the record and the offset: kNotFound and kPermissionDenied for the file;
  // kInvalidArgument if it is no such archive; kDataLoss if it is one, but torn; kUnimplemented for
  // tensors of kinds that DType does not have (quantized, sparse, complex).
  static Result<Archive> Open(const std::string& path);
  // The same over bytes that outlive the archive. `name` stands for the path in messages.
  static Result<Archive> FromBytes(std::span<const std::byte> bytes, std::string name);
  Archive(Archive&&) noexcept;
  Archive& operator=(Archive&&) noexcept;
  ~Archive();

  const std::string& path() const;
  std::uint64_t file_size() const;
  // Pages of the file that were looked at stop counting as this process's memory.
  void ReleasePages() const;
  // All of the file.
  std::span<const std::byte> bytes() const;
  // In the order of the pickle: depth first, attributes as declared. Tensors in lists, tuples and
  // dictionaries are named by position or key ("hidden.0"); so are those of a plain torch.save
  // ("0", "1", "x"; a lone tensor is "0"). A tensor that several modules share is listed under each
  // of its names. Every view lies within its storage.
  const std::vector<TensorInfo>& tensors() const;
  // Those that tensors are views of, in the order of the central directory.
  const std::vector<StorageInfo>& storages() const;
  const std::vector<RecordInfo>& records() const;
  // Whether this is a TorchScript module, not a plain torch.save of tensors.
  bool is_module() const;

  const TensorInfo* FindTensor(std::string_view name) const;
  const RecordInfo* FindRecord(std::string_view name) const;
  // A whole record, inflated if need be, its CRC checked. kNotFound, kDataLoss. Thread-safe, as
  // everything here.
  Result<std::string> ReadRecord(std::string_view name) const;
  // ReadRecord("extra/" + name).
  Result<std::string> ReadExtra(std::string_view name) const;
  bool HasExtra(std::string_view name) const;
  // The bytes of a storage, [num_elements] little-endian of its dtype: in the mapping, or inflated
  // once, its CRC checked, and kept. The CRC of records that are not deflated is not checked (see
  // Verify). Files that a general zip tool wrote are not aligned: use memcpy.
  Result<std::span<const std::byte>> StorageBytes(std::size_t storage) const;
  // Copies a part of StorageBytes without touching the mapping: memory does not grow with what is
  // read, and a disk that fails is an error (kUnavailable), not a signal. For going through large
  // storages once. `offset` and the end of `out` lie within the storage.
  Status ReadStorage(std::size_t storage, std::uint64_t offset, std::span<std::byte> out) const;
  // Reads everything and checks every CRC.
  Status Verify() const;

  // For ArchiveWriter.
  const internal::ZipDirectory& directory() const;
  const internal::FileBytes& file() const;

 private:
  struct Impl;
  explicit Archive(std::unique_ptr<Impl> impl);
  static Result<std::unique_ptr<Impl>> Read(const internal::FileBytes& file,
                                            std::span<const std::byte> bytes, std::string name);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fedge
