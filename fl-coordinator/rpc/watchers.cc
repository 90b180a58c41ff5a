#include "fedge/coordinator_rpc/watchers.h"

#include <algorithm>
#include <utility>

#include "fedge/coordinator_rpc/actor.h"
#include "fedge/coordinator_rpc/admin_convert.h"
#include "fedge/coordinator_rpc/status_view.h"
#include "fedge/coordinator_rpc/watch_reactor.h"

namespace fedge {
namespace {

bool HasEnded(const State& state, RunId run) {
  return !state.run || state.run->run > run || (state.run->run == run && state.run->ended);
}

bool IsEvaluated(const State& state, RunId run) {
  return std::any_of(
      state.evaluations.begin(), state.evaluations.end(),
      [run](const PendingEvaluation& evaluation) { return evaluation.round.run == run; });
}

}  // namespace

void Watchers::Add(std::uint64_t id, WatchReactor* reactor, const Options& options) {
  watchers_.emplace(id, Watcher{.reactor = reactor, .options = options});
}

void Watchers::Written(std::uint64_t id, bool ok) {
  const auto found = watchers_.find(id);
  if (found == watchers_.end()) return;
  Watcher& watcher = found->second;
  watcher.writing = false;
  if (!ok && !watcher.ending) watcher.ending = fedge::Cancelled("the watcher went away");
  if (!watcher.ending) return;
  watcher.reactor->End(*watcher.ending);
  watchers_.erase(found);
}

void Watchers::Cancelled(std::uint64_t id) {
  const auto found = watchers_.find(id);
  if (found == watchers_.end()) return;
  found->second.ending = fedge::Cancelled("the watcher went away");
  // A write that is under way fails now, and Written ends the call.
  if (!found->second.writing) Written(id, false);
}

void Watchers::NoteEnd(const Actor& actor, Watcher& watcher) const {
  if (!watcher.end && HasEnded(actor.state(), watcher.options.run)) {
    watcher.end = actor.now() + actor.options().watch_end_grace;
  }
}

bool Watchers::IsOver(const Actor& actor, const Watcher& watcher) const {
  return watcher.end &&
         (!IsEvaluated(actor.state(), watcher.options.run) || *watcher.end <= actor.now());
}

bool Watchers::WantsMessage(const Actor& actor, const Watcher& watcher) const {
  if (watcher.writing || watcher.ending) return false;
  if (IsOver(actor, watcher)) return true;
  return watcher.seen_change != changes_ && watcher.next_send <= actor.now();
}

void Watchers::Update(Actor& actor) {
  std::optional<v1::CoordinatorStatus> status;
  for (auto& [id, watcher] : watchers_) {
    NoteEnd(actor, watcher);
    if (!WantsMessage(actor, watcher)) continue;
    if (!status) status = BuildStatus(actor);
    v1::WatchResponse message;
    *message.mutable_status() = *status;
    for (const RoundRecord& round :
         actor.round_changes().Since(watcher.seen_version, watcher.options.run)) {
      if (round.round > watcher.options.after_round) *message.add_rounds() = ToProto(round);
    }
    if (IsOver(actor, watcher)) watcher.ending = OkStatus();
    watcher.writing = true;
    watcher.seen_change = changes_;
    watcher.seen_version = actor.round_changes().version();
    watcher.next_send = actor.now() + watcher.options.min_interval;
    watcher.reactor->Send(std::move(message));
  }
}

std::optional<TimePoint> Watchers::NextDeadline() const {
  std::optional<TimePoint> next;
  const auto consider = [&next](TimePoint time) { next = next ? std::min(*next, time) : time; };
  for (const auto& [id, watcher] : watchers_) {
    if (watcher.writing || watcher.ending) continue;
    if (watcher.seen_change != changes_) consider(watcher.next_send);
    if (watcher.end) consider(*watcher.end);
  }
  return next;
}

void Watchers::FinishAll(const Status& status) {
  for (auto& [id, watcher] : watchers_) {
    if (!watcher.ending) watcher.ending = status;
  }
  std::erase_if(watchers_, [](const auto& entry) {
    if (entry.second.writing) return false;
    entry.second.reactor->End(*entry.second.ending);
    return true;
  });
}

}  // namespace fedge
