#include "fedge/coordinator/phases/members.h"

#include <fmt/format.h>

#include "fedge/coordinator/phases/evaluations.h"

namespace fedge::machine {
namespace {

std::string Describe(const Member& member) {
  std::string text = member.role == Role::kEvaluator ? "evaluator" : "trainer";
  for (const auto& [key, value] : member.labels) text += fmt::format(" {}={}", key, value);
  return text;
}

}  // namespace

std::optional<Member> AddMember(StepContext& step, const ClientJoined& event) {
  std::optional<Member> before;
  auto [it, inserted] = step.state.members.try_emplace(event.client, event.member);
  if (!inserted) before = std::exchange(it->second, event.member);
  // A client that takes over its own session is no news.
  if (before != event.member) {
    step.Log("client joined", {.client = event.client}, Describe(event.member));
  }
  if (event.member.role == Role::kEvaluator) {
    AddEvaluator(step, event.client);
  } else if (before && before->role == Role::kEvaluator) {
    RemoveEvaluator(step, event.client);
  }
  return before;
}

std::optional<Member> RemoveMember(StepContext& step, const ClientLeft& event) {
  const auto it = step.state.members.find(event.client);
  if (it == step.state.members.end()) return std::nullopt;
  Member member = std::move(it->second);
  step.state.members.erase(it);
  step.Log("client left", {.client = event.client}, Describe(member));
  if (member.role == Role::kEvaluator) RemoveEvaluator(step, event.client);
  return member;
}

Status NoMember(const ClientId& client) { return NotFound("client '{}' has not joined", client); }

}  // namespace fedge::machine
