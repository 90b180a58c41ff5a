// The part of the actor that takes over what the last coordinator left.
#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "fedge/common/log.h"
#include "fedge/coordinator/run_queries.h"
#include "fedge/coordinator/stored_files.h"
#include "fedge/coordinator_rpc/actor.h"

namespace fedge {

Status Actor::Load() {
  now_ = started_;
  coordinator_id_ = parts_.store.coordinator_id();
  FEDGE_ASSIGN_OR_RETURN(state_, parts_.store.LoadState());
  NoteLostCommits();
  FEDGE_RETURN_IF_ERROR(models_.Load(parts_.store, state_));
  if (options_.from_round) FEDGE_RETURN_IF_ERROR(GoBackTo(*options_.from_round));
  FEDGE_RETURN_IF_ERROR(SecureModel());
  FEDGE_ASSIGN_OR_RETURN(model_facts_, ReadModelFacts(parts_.models.PathOf(state_.model.digest)));
  FEDGE_ASSIGN_OR_RETURN(const auto rounds,
                         parts_.store.ListRounds(0, 0, RoundChanges::kMaxRounds));
  std::for_each(rounds.rbegin(), rounds.rend(),
                [this](const RoundRecord& round) { round_changes_.Add(round); });
  FEDGE_RETURN_IF_ERROR(parts_.spool.DropAllBut(SpooledRound(state_)));
  FEDGE_RETURN_IF_ERROR(parts_.models.Publish(state_.model));
  // What ended before this process began is not its to count.
  const RoundRecord* current = CurrentRound(state_);
  const bool unfinished = current != nullptr && current->ended == TimePoint{};
  last_ended_round_ = state_.last_round - (unfinished ? 1 : 0);
  FEDGE_RETURN_IF_ERROR(ReopenLostTasks());
  Take(Resume(options_.limits, std::move(state_), now_));
  RunBatch({});
  return failure_;
}

Status Actor::GoBackTo(RoundId round) {
  FEDGE_ASSIGN_OR_RETURN(const ModelRef model, models_.IntactAfterRound(round));
  if (model.digest == state_.model.digest) return OkStatus();
  if (state_.run_active()) {
    FEDGE_RETURN_IF_ERROR(
        Apply(AbortRun{fmt::format("the coordinator went back to round {}", round)}).status);
  }
  return Apply(RollBack{model}).status;
}

void Actor::NoteLostCommits() {
  const std::uint64_t lost = parts_.store.lost_commits();
  if (lost == 0) return;
  const std::string message = fmt::format(
      "the write-ahead log of coordinator.db is damaged, and the last {} commits with it; what "
      "they "
      "said is done again",
      lost);
  log::Error("commits lost run={} round={}: {}", state_.last_run, state_.last_round, message);
  Note("commits lost", state_.last_round, message);
}

// An event of the actor's own.
void Actor::Note(std::string kind, RoundId round, std::string message) {
  Save(SaveEvent{{.sequence = 0,
                  .time = now_,
                  .kind = std::move(kind),
                  .run = state_.last_run,
                  .round = round,
                  .client = {},
                  .message = std::move(message)}});
}

Status Actor::SecureModel() {
  const ModelRef& model = state_.model;
  const Status found = parts_.models.Verify(model, ModelStore::Check::kDigest);
  if (found.ok()) return OkStatus();
  log::Error("model damaged round={} error=\"{}\"", model.round, found.message());
  std::string how = "from global.pt";
  Status status = parts_.models.Recover(model);
  const RoundRecord* round = CurrentRound(state_);
  if (!status.ok() && state_.closed && state_.closed->round.model.digest == model.digest)
    round = &state_.closed->round;
  if (!status.ok() && round != nullptr && round->model.digest == model.digest) {
    // The updates are still there if the crash came between the round's end and their removal.
    how = "by aggregating its updates again";
    const auto again = AggregateRound(
        {parts_.files, parts_.store, parts_.spool, parts_.models, parts_.metrics}, *round, {});
    status = again.ok() && again->digest == model.digest ? OkStatus() : found;
  }
  if (!status.ok()) {
    return DataLoss(
        "the global model after round {} cannot be used: {}; restore the folder from a backup, put "
        "an intact copy of the model there (its SHA-256 is {}), or go back to an older one with "
        "--from-round (kept are those after rounds {})",
        model.round, found.message(), model.digest.Hex(), fmt::join(models_.Rounds(), ", "));
  }
  log::Warning("model repaired round={} {}", model.round, how);
  Note("model repaired", model.round, fmt::format("{}; it was made anew {}", found.message(), how));
  return OkStatus();
}

Status Actor::ReopenLostTasks() {
  const RoundId round = SpooledRound(state_);
  if (round == 0) return OkStatus();
  FEDGE_ASSIGN_OR_RETURN(const auto tasks, parts_.store.ListTasks(round));
  for (const LostUpdate& lost : FindLostUpdates(parts_.spool, tasks)) {
    FEDGE_RETURN_IF_ERROR(Apply(UpdateLost{round, lost.client, lost.reason}).status);
  }
  return OkStatus();
}

}  // namespace fedge
