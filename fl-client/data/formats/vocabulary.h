#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/data/formats/text_corpus.h"

namespace fedge::data {

// The characters that a model of text knows, numbered from 0 in ascending order. Immutable.
class Vocabulary {
 public:
  // Of the characters in `text`, which came from `file`. kInvalidArgument if there are none or more
  // than 65535.
  static Result<Vocabulary> Build(std::string_view text, const std::string& file);

  // kInvalidArgument ("FILE:LINE: ...") if some character of the text is not in the vocabulary.
  Status Check(std::string_view text, const std::string& file) const;
  // Appends the token of each character. Precondition: Check is OK for a text that this one is a
  // part of.
  void Encode(std::string_view text, std::vector<std::uint16_t>& tokens) const;

  // Each character for people, in order.
  std::vector<std::string> names() const;

 private:
  Encoding encoding_ = Encoding::kUtf8;
  std::string file_;
  std::vector<std::uint32_t> characters_;
  std::vector<std::uint16_t> token_of_;  // by character; kUnknown
};

}  // namespace fedge::data
