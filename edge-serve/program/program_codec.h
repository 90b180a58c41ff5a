#pragma once

#include <string>
#include <string_view>

#include "fedge/archive/archive.h"
#include "fedge/common/result.h"
#include "fedge/program/program.h"

namespace fedge {

// A program as bytes (proto/fedge/v1/program.proto), and the `extra/` records that a model carries
// it in: the program, and constants that are no tensor of the model.
inline constexpr std::string_view kProgramRecord = "fedge/program.pb";
inline constexpr std::string_view kConstantsRecord = "fedge/constants.bin";

inline constexpr std::size_t kMaxProgramBytes = std::size_t{16} << 20;

// The same program gives the same bytes.
std::string ProgramToBytes(const Program& program);

// Whether the program can run is for Validate to say. kUnimplemented: of another schema version, or
// with a feature or an operator that this program does not know, by name; kInvalidArgument names
// the node or value that is malformed; kResourceExhausted: more bytes, values and nodes than
// readers take. Memory is bounded by the bytes' size.
Result<Program> ProgramFromBytes(std::string_view bytes);

// The archive's program, validated, once it is sure that it belongs to the tensors there: see
// CheckDerived. kNotFound: the archive carries none; kFailedPrecondition: it was made for other
// tensors.
Result<Program> ReadProgram(const Archive& archive);

}  // namespace fedge
