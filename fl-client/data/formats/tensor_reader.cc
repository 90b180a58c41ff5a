#include "fedge/data/formats/tensor_reader.h"

#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "fedge/common/check.h"
#include "fedge/tensor/dtype.h"

namespace fedge::data {
namespace {

template <typename T>
T Load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

// One element as a number of type To.
template <typename To>
To LoadAs(DType dtype, const std::byte* at) {
  switch (dtype) {
    case DType::kFloat64:
      return static_cast<To>(Load<double>(at));
    case DType::kFloat32:
      return static_cast<To>(Load<float>(at));
    case DType::kFloat16:
      return static_cast<To>(HalfToFloat(Load<std::uint16_t>(at)));
    case DType::kBFloat16:
      return static_cast<To>(BFloat16ToFloat(Load<std::uint16_t>(at)));
    case DType::kInt64:
      return static_cast<To>(Load<std::int64_t>(at));
    case DType::kInt32:
      return static_cast<To>(Load<std::int32_t>(at));
    case DType::kInt16:
      return static_cast<To>(Load<std::int16_t>(at));
    case DType::kInt8:
      return static_cast<To>(Load<std::int8_t>(at));
    case DType::kUInt8:
    case DType::kBool:
      return static_cast<To>(Load<std::uint8_t>(at));
  }
  return To{};
}

template <typename To>
constexpr bool IsStoredAs(DType dtype) {
  if constexpr (std::is_same_v<To, float>) return dtype == DType::kFloat32;
  if constexpr (std::is_same_v<To, std::int64_t>) return dtype == DType::kInt64;
  return std::is_same_v<To, std::uint8_t> && (dtype == DType::kUInt8 || dtype == DType::kBool);
}

// a * b + c, or none beyond 2^63.
bool MultiplyAdd(std::uint64_t a, std::uint64_t b, std::uint64_t& c) {
  __extension__ using Wide = unsigned __int128;
  const Wide sum = static_cast<Wide>(a) * b + c;
  if (sum > static_cast<Wide>(std::numeric_limits<std::int64_t>::max())) return false;
  c = static_cast<std::uint64_t>(sum);
  return true;
}

struct Extent {
  std::uint64_t count = 1;  // elements of the tensor
  bool contiguous = true;
};

// Checks that every element lies in the storage of `storage_bytes`.
Result<Extent> Measure(const TensorInfo& tensor, std::uint64_t storage_bytes) {
  Extent extent;
  std::uint64_t last = tensor.storage_offset;
  bool fits = tensor.strides.size() == tensor.shape.size();
  for (std::size_t i = tensor.shape.size(); fits && i-- > 0;) {
    const std::int64_t size = tensor.shape[i];
    const std::int64_t stride = tensor.strides[i];
    if (size < 1 || stride < 0)
      return InvalidArgument("'{}' is empty or has negative strides", tensor.name);
    if (size > 1 && static_cast<std::uint64_t>(stride) != extent.count) extent.contiguous = false;
    std::uint64_t product = 0;
    fits = MultiplyAdd(static_cast<std::uint64_t>(size - 1), static_cast<std::uint64_t>(stride),
                       last) &&
           MultiplyAdd(static_cast<std::uint64_t>(size), extent.count, product);
    extent.count = product;
  }
  if (!fits || last >= storage_bytes / DTypeSize(tensor.dtype)) {
    return InvalidArgument("'{}' reaches beyond the {} bytes of its storage", tensor.name,
                           storage_bytes);
  }
  return extent;
}

template <typename To>
std::vector<To> Materialize(const TensorInfo& tensor, std::span<const std::byte> bytes,
                            std::size_t count) {
  std::vector<To> values;
  values.reserve(count);
  const std::size_t element = DTypeSize(tensor.dtype);
  std::vector<std::int64_t> position(tensor.shape.size(), 0);
  std::uint64_t offset = tensor.storage_offset;
  while (true) {
    values.push_back(LoadAs<To>(tensor.dtype, bytes.data() + offset * element));
    std::size_t i = tensor.shape.size();
    while (i > 0) {
      --i;
      const auto stride = static_cast<std::uint64_t>(tensor.strides[i]);
      if (++position[i] < tensor.shape[i]) {
        offset += stride;
        break;
      }
      offset -= static_cast<std::uint64_t>(tensor.shape[i] - 1) * stride;
      position[i] = 0;
      if (i == 0) return values;
    }
    if (tensor.shape.empty()) return values;
  }
}

template <typename To>
Result<Column<To>> ReadAs(const std::shared_ptr<const Archive>& archive, const TensorInfo& tensor,
                          std::uint64_t max_bytes) {
  FEDGE_ASSIGN_OR_RETURN(const std::span<const std::byte> bytes,
                         archive->StorageBytes(tensor.storage));
  FEDGE_ASSIGN_OR_RETURN(const Extent extent, Measure(tensor, bytes.size()));
  const std::byte* begin = bytes.data() + tensor.storage_offset * DTypeSize(tensor.dtype);
  const bool aligned = reinterpret_cast<std::uintptr_t>(begin) % alignof(To) == 0;
  if (IsStoredAs<To>(tensor.dtype) && extent.contiguous && aligned) {
    const std::span<const To> values(reinterpret_cast<const To*>(begin),
                                     static_cast<std::size_t>(extent.count));
    return Column<To>(values, archive);
  }
  if (extent.count > max_bytes / sizeof(To)) {
    return ResourceExhausted("'{}' would take {} elements of memory; at most {} bytes are allowed",
                             tensor.name, extent.count, max_bytes);
  }
  return Column<To>(Materialize<To>(tensor, bytes, static_cast<std::size_t>(extent.count)));
}

}  // namespace

Result<Column<float>> ReadFloats(const std::shared_ptr<const Archive>& archive,
                                 const TensorInfo& tensor, std::uint64_t max_bytes) {
  return ReadAs<float>(archive, tensor, max_bytes);
}

Result<Column<std::int64_t>> ReadIntegers(const std::shared_ptr<const Archive>& archive,
                                          const TensorInfo& tensor, std::uint64_t max_bytes) {
  if (IsFloatingPoint(tensor.dtype)) {
    return InvalidArgument("'{}' is {}; expected integers", tensor.name, DTypeName(tensor.dtype));
  }
  return ReadAs<std::int64_t>(archive, tensor, max_bytes);
}

Result<Column<std::uint8_t>> ReadBytes(const std::shared_ptr<const Archive>& archive,
                                       const TensorInfo& tensor, std::uint64_t max_bytes) {
  FEDGE_CHECK(tensor.dtype == DType::kUInt8 || tensor.dtype == DType::kBool);
  return ReadAs<std::uint8_t>(archive, tensor, max_bytes);
}

}  // namespace fedge::data
