#include "fedge/coordinator_rpc/client_text.h"

#include <algorithm>

namespace fedge {
namespace {

constexpr std::size_t kMaxId = 128;
constexpr std::size_t kMaxLabels = 32;
constexpr std::size_t kMaxLabelKey = 64;
constexpr std::size_t kMaxLabelValue = 256;

bool IsOneOf(char c, std::string_view punctuation) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         punctuation.find(c) != std::string_view::npos;
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool IsUtf8Continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

}  // namespace

Status ValidateClientId(std::string_view id) {
  const bool well_formed =
      std::all_of(id.begin(), id.end(), [](char c) { return IsOneOf(c, "._:@-"); });
  if (!id.empty() && id.size() <= kMaxId && well_formed) return OkStatus();
  return InvalidArgument("client id '{}' must have 1 to {} characters of [A-Za-z0-9._:@-]",
                         Printable(id, 160), kMaxId);
}

Status ValidateLabels(const Labels& labels) {
  if (labels.size() > kMaxLabels)
    return InvalidArgument("{} labels are too many; at most {}", labels.size(), kMaxLabels);
  for (const auto& [key, value] : labels) {
    const bool key_ok =
        std::all_of(key.begin(), key.end(), [](char c) { return IsOneOf(c, "._-"); });
    if (key.empty() || key.size() > kMaxLabelKey || !key_ok) {
      return InvalidArgument("label key '{}' must have 1 to {} characters of [A-Za-z0-9._-]",
                             Printable(key, 80), kMaxLabelKey);
    }
    if (value.size() > kMaxLabelValue || std::any_of(value.begin(), value.end(), IsControl)) {
      return InvalidArgument(
          "label '{}' has the value '{}'; at most {} characters, none of them a control character",
          key, Printable(value, 80), kMaxLabelValue);
    }
  }
  return OkStatus();
}

std::string Printable(std::string_view text, std::size_t max_bytes) {
  const bool cut = text.size() > max_bytes;
  std::size_t size = std::min(text.size(), max_bytes);
  while (cut && size > 0 && IsUtf8Continuation(text[size])) --size;
  std::string printable(text.substr(0, size));
  std::replace_if(printable.begin(), printable.end(), IsControl, '?');
  if (cut) printable += "...";
  return printable;
}

}  // namespace fedge
