#pragma once

#include <cstdint>
#include <span>

#include <google/protobuf/message.h>

#include "fedge/common/hash.h"
#include "fedge/common/status.h"

// The seals of federation.proto: what was damaged on its way is noticed before it is acted on.
namespace fedge {

namespace internal {
// Of a message whose field crc32 is not set.
std::uint32_t ComputeSeal(const google::protobuf::Message& message, const std::uint32_t* request);
bool HasUnknownFields(const google::protobuf::Message& message);
}  // namespace internal

template <typename Message>
concept Sealable = requires(Message message) {
  message.set_crc32(0U), message.has_crc32();
};

// Sets a request's seal; the last thing that is done to it. Returns the seal.
template <Sealable Message>
std::uint32_t Seal(Message& request) {
  request.clear_crc32();
  request.set_crc32(internal::ComputeSeal(request, nullptr));
  return request.crc32();
}

// Sets a response's seal: it answers the request with the seal `request`.
template <Sealable Message>
void SealAnswer(Message& response, std::uint32_t request) {
  response.clear_crc32();
  response.set_crc32(internal::ComputeSeal(response, &request));
}

namespace internal {
template <typename Message>
bool SealMatches(const Message& message, const std::uint32_t* request) {
  Message unsealed = message;
  unsealed.clear_crc32();
  return ComputeSeal(unsealed, request) == message.crc32();
}
}  // namespace internal

// Whether the request is as it was sent.
template <Sealable Message>
bool SealHolds(const Message& request) {
  return request.has_crc32() && internal::SealMatches(request, nullptr);
}

// The same, for services that also take requests without a seal.
template <Sealable Message>
bool SealHoldsIfAny(const Message& request) {
  if (!request.has_crc32()) return !internal::HasUnknownFields(request);
  return internal::SealMatches(request, nullptr);
}

// Whether the response is as it was sent, in answer to the request with this seal.
template <Sealable Message>
bool AnswerSealHolds(const Message& response, std::uint32_t request) {
  return response.has_crc32() && internal::SealMatches(response, &request);
}

// The same, for clients of services that may leave it out.
template <Sealable Message>
bool AnswerSealHoldsIfAny(const Message& response, std::uint32_t request) {
  if (!response.has_crc32()) return !internal::HasUnknownFields(response);
  return internal::SealMatches(response, &request);
}

// What a damaged request is answered with, and what a damaged answer stands for; both are asked
// again. kUnavailable.
Status DamagedRequest();
Status DamagedAnswer();

// The CRC-32 of a stream's chunk, of whose data `data_crc32` is the CRC-32: it continues `seal`,
// that of the message which the chunk belongs to. Takes no second look at the data.
std::uint32_t ChunkCrc32(std::uint32_t seal, std::uint32_t data_crc32, std::uint64_t num_bytes);

}  // namespace fedge
