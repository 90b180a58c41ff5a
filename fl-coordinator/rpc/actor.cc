#include "fedge/coordinator_rpc/actor.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "fedge/common/log.h"
#include "fedge/coordinator_rpc/poll_reactor.h"

namespace fedge {
namespace {

constexpr Duration kExpiryInterval{1'000};
constexpr Duration kTransferInterval{1'000};
constexpr Duration kFolderInterval{1'000};
constexpr Duration kLongestIdle{3'600'000};

void LogEvent(const EventRecord& event) {
  if (event.client.empty()) {
    log::Info("{} run={} round={}{}{}", event.kind, event.run, event.round,
              event.message.empty() ? "" : ": ", event.message);
  } else {
    log::Debug("{} run={} round={} client={}{}{}", event.kind, event.run, event.round, event.client,
               event.message.empty() ? "" : ": ", event.message);
  }
}

}  // namespace

Actor::Actor(const RuntimeOptions& options, const CoordinatorParts& parts, Aggregator& aggregator)
    : options_(options),
      parts_(parts),
      aggregator_(aggregator),
      started_(parts.clock.Now()),
      sessions_(options),
      uploads_(options),
      transfers_(options),
      models_(parts.files, parts.models, options.keep_rounds),
      followers_(options.max_watchers),
      random_(HashName(RandomBytes(16))) {}

void Actor::RunBatch(const std::vector<Command>& commands) {
  now_ = parts_.clock.Now();
  for (const Command& command : commands) command(*this);
  if (const auto deadline = NextDeadline(state_); deadline && *deadline <= now_) Apply(Tick{});
  ExpireSessions();
  CheckTransfers();
  CheckFolder();
  FollowPhase();
  SaveBatch();
  AnswerDuePolls();
  for (const ClientId& client : std::exchange(unsettled_, {})) SettlePoll(client);
  watchers_.Update(*this);
  CountLevels();
}

Duration Actor::IdleTime() const {
  const bool work_left =
      !writes_.empty() || !replies_.empty() || !effects_.empty() || !unsettled_.empty();
  if (work_left) return Duration::zero();
  TimePoint next = now_ + kLongestIdle;
  const auto consider = [&next](std::optional<TimePoint> deadline) {
    if (deadline) next = std::min(next, *deadline);
  };
  if (failure_.ok()) consider(NextDeadline(state_));
  consider(polls_.NextDeadline());
  consider(watchers_.NextDeadline());
  if (sessions_.size() > 0) consider(next_expiry_check_);
  if (failure_.ok()) consider(next_folder_check_);
  if (transfers_.size() > 0) consider(next_transfer_check_);
  consider(uploads_.permits().NextDeadline());
  // At least a moment: a deadline that a Tick does not move must not become a busy loop.
  return std::clamp(next - parts_.clock.Now(), Duration(1), kLongestIdle);
}

Actor::Applied Actor::Apply(const Event& event) {
  if (!failure_.ok()) return {failure_, std::nullopt};
  const RoundId last_round = state_.last_round;
  Applied applied = Take(Advance(options_.limits, std::move(state_), event, now_));
  if (std::holds_alternative<AbortRun>(event) && applied.status.ok()) aborted_round_ = last_round;
  return applied;
}

Actor::Applied Actor::Take(Step step) {
  state_ = std::move(step.state);
  Applied applied = {std::move(step.status), std::nullopt};
  for (Effect& effect : step.effects) {
    if (auto* answer = std::get_if<AnswerUpdate>(&effect)) {
      applied.answer = std::move(*answer);
      continue;
    }
    std::visit(
        [this](const auto& value) {
          if constexpr (std::is_constructible_v<StoreWrite, decltype(value)>) Save(value);
        },
        effect);
    effects_.push_back(std::move(effect));
  }
  watchers_.Touch();
  return applied;
}

void Actor::Save(StoreWrite write) {
  const auto* round = std::get_if<SaveRound>(&write);
  if (round != nullptr) {
    // Every update of a burst saves its round; the last of them says it all.
    const auto [saved, first] = round_writes_.try_emplace(round->round.round, writes_.size());
    if (!first) {
      writes_[saved->second] = std::move(write);
      return;
    }
  }
  writes_.push_back(std::move(write));
}

// What is under way for a phase ends with it.
void Actor::FollowPhase() {
  const auto* training = std::get_if<Training>(&state_.phase);
  const RoundId round = training == nullptr ? 0 : training->round.round;
  if (round != upload_round_) uploads_.CloseAllBut(round);
  upload_round_ = round;
  if (aggregating_ && !std::holds_alternative<Aggregating>(state_.phase)) {
    aggregator_.Cancel();
    aggregating_ = false;
  }
}

void Actor::ExpireSessions() {
  if (now_ < next_expiry_check_) return;
  next_expiry_check_ = now_ + kExpiryInterval;
  for (const ClientId& client : sessions_.Expired(now_)) RemoveSession(client);
}

// What is written into a folder that was removed is lost with this process.
void Actor::CheckFolder() {
  if (now_ < next_folder_check_ || !failure_.ok()) return;
  next_folder_check_ = now_ + kFolderInterval;
  if (parts_.models.Has(state_.model.digest)) return;
  Stop(DataLoss("{} is gone, or the folder that it is in; a new start tells what is left",
                parts_.models.PathOf(state_.model.digest)));
}

void Actor::CheckTransfers() {
  uploads_.permits().Tick(now_);
  if (now_ < next_transfer_check_) return;
  next_transfer_check_ = now_ + kTransferInterval;
  const bool contended = uploads_.permits().waiting() > 0;
  if (const std::size_t cut = transfers_.Check(now_, contended); cut > 0)
    log::Info("transfers cut count={} reason=\"they did not move\"", cut);
}

void Actor::SaveBatch() {
  if (failure_.ok()) {
    if (const Status status = MakeDurable(); !status.ok())
      Stop(status.WithContext("the state could not be saved"));
  }
  writes_.clear();
  round_writes_.clear();
  unsynced_.clear();
  for (const Effect& effect : std::exchange(effects_, {})) {
    if (failure_.ok()) Perform(effect);
  }
  for (const Reply& reply : std::exchange(replies_, {})) reply(failure_);
}

Status Actor::MakeDurable() {
  using Commit = CoordinatorMetrics::CommitStep;
  for (const RoundId round : unsynced_) {
    const auto started = std::chrono::steady_clock::now();
    FEDGE_RETURN_IF_ERROR(parts_.spool.Sync(round));
    parts_.metrics.Committed(Commit::kSpool, std::chrono::steady_clock::now() - started);
  }
  if (writes_.empty()) return OkStatus();
  const auto started = std::chrono::steady_clock::now();
  FEDGE_RETURN_IF_ERROR(parts_.store.Commit(writes_));
  parts_.metrics.Committed(Commit::kDatabase, std::chrono::steady_clock::now() - started);
  bool events = false;
  for (const StoreWrite& write : writes_) {
    CountSaved(write);
    if (const auto* round = std::get_if<SaveRound>(&write)) round_changes_.Add(round->round);
    if (const auto* event = std::get_if<SaveEvent>(&write)) {
      LogEvent(event->event);
      events = true;
    }
  }
  if (events) followers_.WakeAll();
  return OkStatus();
}

void Actor::Stop(const Status& why) {
  failure_ = why;
  log::Error("coordinator stops error=\"{}\"", failure_.message());
  Drain();
}

void Actor::Perform(const Effect& effect) {
  if (const auto* notify = std::get_if<Notify>(&effect)) {
    Settle(notify->client);
  } else if (const auto* save = std::get_if<SaveModel>(&effect)) {
    PublishModel(save->model);
  } else if (const auto* aggregate = std::get_if<Aggregate>(&effect)) {
    aggregating_ = true;
    aggregator_.Begin(aggregate->round);
  } else if (const auto* drop = std::get_if<DropUpdates>(&effect)) {
    if (const Status status = parts_.spool.Drop(drop->round); !status.ok()) {
      log::Warning("updates not removed round={} error=\"{}\"", drop->round, status.message());
    }
  }
}

// The store already says that this is the global model, so a failure here is told, not fatal: the
// next start repeats it.
void Actor::PublishModel(const ModelRef& model) {
  models_.Add(model);
  Status status = parts_.models.Publish(model);
  if (status.ok()) status = models_.Prune(state_);
  if (!status.ok())
    log::Error("global.pt not updated round={} error=\"{}\"", model.round, status.message());
}

}  // namespace fedge
