#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fedge {

// Why an update was refused, for programs. Stored in the database and sent to clients: the numbers
// stay, new ones come at the end.
enum class RefusalCode : std::uint8_t {
  kNone = 0,
  kResult = 1,     // what the client tells of its training makes no sense
  kWeight = 2,     // zero examples, or more than are allowed
  kRound = 3,      // there is no such round, or it is another one's task
  kNotAsked = 4,   // the client has no task in the round
  kBase = 5,       // trained from another model, or for another run
  kCodec = 6,      // an encoding that the coordinator does not know
  kSize = 7,       // not as many bytes as the model's layout has
  kChecksum = 8,   // the bytes are not those that the client sent
  kNotFinite = 9,  // NaN or infinity
  kRange = 10,     // finite, but so large that an average could overflow
  kConstant = 11,  // changes a tensor that must stay as it is
  kNorm = 12,      // its L2 norm is above the limit
  kDuplicate = 13  // the task has been answered already, with something else
};
inline constexpr RefusalCode kLastRefusalCode = RefusalCode::kDuplicate;

std::string_view Name(RefusalCode code);  // "not-finite" ...; "" for kNone

// A code, and the same for a person.
struct Refusal {
  RefusalCode code = RefusalCode::kNone;
  std::string reason;

  explicit operator bool() const { return code != RefusalCode::kNone; }
};

// A refusal for zero examples, or more than `max_weight`; none for those that may be weighted with.
Refusal CheckWeight(std::uint64_t num_examples, std::uint64_t max_weight);

}  // namespace fedge
