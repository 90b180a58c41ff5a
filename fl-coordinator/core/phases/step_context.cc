#include "fedge/coordinator/phases/step_context.h"

#include <fmt/format.h>

namespace fedge::machine {

void StepContext::Log(std::string_view kind, Subject subject, std::string message) {
  EventRecord event;
  event.time = now;
  event.kind = kind;
  event.run = subject.run;
  event.round = subject.round;
  event.client = std::move(subject.client);
  event.message = std::move(message);
  Emit(SaveEvent{std::move(event)});
}

void StepContext::Answer(RoundId round, const ClientId& client, TaskState outcome,
                         std::string reason) {
  Emit(AnswerUpdate{.round = round,
                    .client = client,
                    .outcome = outcome,
                    .reason = std::move(reason),
                    .refusal = RefusalCode::kNone,
                    .stored = false});
}

void StepContext::Answer(RoundId round, const ClientId& client, const Refusal& refusal) {
  Emit(AnswerUpdate{.round = round,
                    .client = client,
                    .outcome = TaskState::kRefused,
                    .reason = refusal.reason,
                    .refusal = refusal.code,
                    .stored = false});
}

std::string Clipped(std::string text) {
  constexpr std::size_t kMaxBytes = 500;
  if (text.size() <= kMaxBytes) return text;
  std::size_t end = kMaxBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  text.resize(end);
  return text + " ...";
}

std::string Plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string SecondsText(Duration duration) {
  return fmt::format("{:g} s", std::chrono::duration<double>(duration).count());
}

}  // namespace fedge::machine
