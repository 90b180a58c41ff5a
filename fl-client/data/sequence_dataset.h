#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/data/dataset.h"

namespace fedge::data {

// Text as tokens, each owner's after the other's.
struct TokenStream {
  std::vector<std::uint16_t> tokens;  // each below the vocabulary's size
  std::vector<std::string> vocabulary;
  std::vector<std::string> key_names;  // of the owners; empty if there is one nameless owner
};

// One example: x = tokens[start, start + length), y = tokens[start + 1, start + length + 1).
struct Window {
  std::uint64_t start = 0;
  std::uint32_t key = 0;
};

// Windows of a stream, predicting the next token at every position. kInvalidArgument if there is
// none, or 2^32 or more.
Result<std::shared_ptr<const Dataset>> MakeSequenceDataset(
    std::shared_ptr<const TokenStream> stream, std::vector<Window> windows, std::size_t length);

}  // namespace fedge::data
