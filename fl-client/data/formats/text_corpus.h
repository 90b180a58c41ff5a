#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fedge::data {

// How a text's bytes are characters: code points if all of it is valid UTF-8 (RFC 3629), else one
// per byte.
enum class Encoding : std::uint8_t { kUtf8, kBytes };
Encoding DetectEncoding(std::string_view text);

// The characters as numbers. Precondition: kBytes, or the text is valid UTF-8.
std::vector<std::uint32_t> DecodeCharacters(std::string_view text, Encoding encoding);

// A character for people: "a", "\n", "0xff".
std::string CharacterName(std::uint32_t value, Encoding encoding);

// What each speaker says, in order of appearance. A speaker is a line "NAME:" that begins the text
// or follows a blank line; the lines below it, up to the next speaker, are theirs, each with its
// line end, blank ones left out. If the first line that is not blank names no speaker, the whole
// text is one nameless part.
struct SpeakerText {
  std::string name;
  std::string text;
};
std::vector<SpeakerText> SplitSpeakers(std::string_view text);

}  // namespace fedge::data
