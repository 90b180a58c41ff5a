#include "fedge/rpc/seal.h"

#include <array>
#include <string>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/reflection.h>

namespace fedge {
namespace internal {

std::uint32_t ComputeSeal(const google::protobuf::Message& message, const std::uint32_t* request) {
  std::uint32_t crc = Crc32(AsBytes(message.GetDescriptor()->full_name()));
  if (request != nullptr) {
    std::array<std::byte, 4> little_endian;
    for (std::size_t i = 0; i < little_endian.size(); ++i)
      little_endian[i] = static_cast<std::byte>(*request >> (8 * i));
    crc = Crc32(little_endian, crc);
  }
  thread_local std::string bytes;  // keeps its room for the next message
  bytes.clear();
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&out);
  }
  crc = Crc32(AsBytes(bytes), crc);
  constexpr std::size_t kKeptRoom = 16u << 10;
  if (bytes.capacity() > kKeptRoom) std::string().swap(bytes);
  return crc;
}

bool HasUnknownFields(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

}  // namespace internal

Status DamagedRequest() {
  return Unavailable("the request was damaged on its way, and was not executed; send it again");
}

Status DamagedAnswer() { return Unavailable("the answer was damaged on its way"); }

std::uint32_t ChunkCrc32(std::uint32_t seal, std::uint32_t data_crc32, std::uint64_t num_bytes) {
  return CombineCrc32(seal, data_crc32, num_bytes);
}

}  // namespace fedge
