#include "fedge/coordinator/task_id.h"

#include <charconv>

#include <fmt/format.h>

namespace fedge {
namespace {
constexpr std::string_view kEvaluatePrefix = "eval:";
}  // namespace

std::string TaskId::ToString() const {
  return fmt::format("{}{}:{}", kind == Kind::kEvaluate ? kEvaluatePrefix : "", round, client);
}

std::optional<TaskId> TaskId::Parse(std::string_view text) {
  TaskId id;
  std::string_view rest = text;
  if (rest.starts_with(kEvaluatePrefix)) {
    id.kind = Kind::kEvaluate;
    rest.remove_prefix(kEvaluatePrefix.size());
  }
  const char* const end = rest.data() + rest.size();
  const auto [colon, error] = std::from_chars(rest.data(), end, id.round);
  if (error != std::errc() || colon == end || *colon != ':') return std::nullopt;
  id.client.assign(colon + 1, end);
  // Leading zeros, an empty client and the like have another name when written again.
  if (id.round == 0 || id.client.empty() || id.ToString() != text) return std::nullopt;
  return id;
}

}  // namespace fedge
