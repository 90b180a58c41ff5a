#include "fedge/lower/problems.h"

#include <algorithm>

namespace fedge::lower {

void Problems::Add(const std::string& operation, const std::string& reason,
                   const std::string& place) {
  const auto known = std::ranges::find_if(problems_, [&](const Problem& problem) {
    return problem.operation == operation && problem.reason == reason;
  });
  if (known != problems_.end()) {
    ++known->count;
  } else {
    problems_.push_back({.operation = operation, .reason = reason, .place = place});
  }
}

Status Problems::ToStatus() const {
  if (problems_.empty()) return OkStatus();
  std::string text = fmt::format(
      "{} of the model's operations can't be lowered for the edge engine:", problems_.size());
  for (const Problem& problem : problems_) {
    text += fmt::format("\n  {} ({}x, first at {}): {}", problem.operation, problem.count,
                        problem.place, problem.reason);
  }
  return {StatusCode::kUnimplemented, std::move(text)};
}

}  // namespace fedge::lower
