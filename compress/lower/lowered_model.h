#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "fedge/program/program.h"

namespace fedge {

// A tensor that forward is given. Sizes that are to grow with the batch are Dims that do.
struct LowerInput {
  std::string name = {};  // empty: forward's own name for it
  DType dtype = DType::kFloat32;
  Shape shape;
};

// How forward puts its tensors together.
struct OutputTree {
  enum class Kind { kTensor, kNone, kTuple, kList, kDictionary };
  Kind kind = Kind::kNone;
  std::size_t output = 0;  // of a tensor: index into the program's outputs
  std::vector<OutputTree> children = {};
  std::vector<std::string> keys = {};  // of a dictionary, as TorchScript writes them: "'logits'"
};

struct LoweredModel {
  Program program;
  OutputTree result;
  // Content of kConstantsRecord (program_codec.h), each constant at a multiple of 64 bytes,
  // row-major without gaps; may be empty.
  std::string constants;
  std::vector<std::size_t> storages;  // of the archive, from which all this was computed
};

}  // namespace fedge
