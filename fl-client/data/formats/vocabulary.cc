#include "fedge/data/formats/vocabulary.h"

#include <algorithm>

namespace fedge::data {
namespace {

constexpr std::uint16_t kUnknown = 0xFFFF;  // so that there are at most 65535 tokens

}  // namespace

Result<Vocabulary> Vocabulary::Build(std::string_view text, const std::string& file) {
  if (text.empty()) return InvalidArgument("{}: is empty; expected text", file);
  Vocabulary vocabulary;
  vocabulary.encoding_ = DetectEncoding(text);
  vocabulary.file_ = file;
  const std::vector<std::uint32_t> characters = DecodeCharacters(text, vocabulary.encoding_);
  std::vector<bool> seen(*std::max_element(characters.begin(), characters.end()) + std::size_t{1},
                         false);
  for (const std::uint32_t character : characters) seen[character] = true;
  const auto count = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), true));
  if (count > kUnknown) {
    return InvalidArgument("{}: has {} different characters; at most {} can be used", file, count,
                           kUnknown);
  }
  vocabulary.token_of_.assign(seen.size(), kUnknown);
  for (std::uint32_t character = 0; character < seen.size(); ++character) {
    if (!seen[character]) continue;
    vocabulary.token_of_[character] = static_cast<std::uint16_t>(vocabulary.characters_.size());
    vocabulary.characters_.push_back(character);
  }
  return vocabulary;
}

Status Vocabulary::Check(std::string_view text, const std::string& file) const {
  if (encoding_ == Encoding::kUtf8 && DetectEncoding(text) != Encoding::kUtf8) {
    return InvalidArgument(
        "{}: is not valid UTF-8, but {}, whose characters are the vocabulary, is", file, file_);
  }
  std::uint64_t line = 1;
  for (const std::uint32_t character : DecodeCharacters(text, encoding_)) {
    if (character >= token_of_.size() || token_of_[character] == kUnknown) {
      return InvalidArgument(
          "{}:{}: '{}' is none of the {} characters of {}; remove it or give a vocabulary that has "
          "it",
          file, line, CharacterName(character, encoding_), characters_.size(), file_);
    }
    if (character == '\n') ++line;
  }
  return OkStatus();
}

void Vocabulary::Encode(std::string_view text, std::vector<std::uint16_t>& tokens) const {
  for (const std::uint32_t character : DecodeCharacters(text, encoding_))
    tokens.push_back(token_of_[character]);
}

std::vector<std::string> Vocabulary::names() const {
  std::vector<std::string> names;
  for (const std::uint32_t character : characters_)
    names.push_back(CharacterName(character, encoding_));
  return names;
}

}  // namespace fedge::data
