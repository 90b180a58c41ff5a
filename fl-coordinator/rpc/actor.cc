#include "fedge/coordinator_rpc/actor.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "fedge/common/log.h"
#include "fedge/coordinator_rpc/poll_reactor.h"

namespace fedge {
namespace {

constexpr Duration kExpiryInterval{1'000};
constexpr Duration kLongestIdle{3'600'000};

// The round whose updates the spool must keep; 0: none.
RoundId SpooledRound(const State& state) {
  if (const auto* training = std::get_if<Training>(&state.phase)) return training->round.round;
  if (const auto* aggregating = std::get_if<Aggregating>(&state.phase))
    return aggregating->round.round;
  return 0;
}

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
      models_(parts.files, parts.models, options.keep_rounds),
      followers_(options.max_watchers),
      random_(HashName(RandomBytes(16))) {}

Status Actor::Load() {
  now_ = started_;
  coordinator_id_ = parts_.store.coordinator_id();
  FEDGE_ASSIGN_OR_RETURN(state_, parts_.store.LoadState());
  if (!parts_.models.Has(state_.model.digest)) {
    return DataLoss("the global model {} is missing from the state directory",
                    state_.model.digest.ShortHex());
  }
  FEDGE_ASSIGN_OR_RETURN(model_facts_, ReadModelFacts(parts_.models.PathOf(state_.model.digest)));
  FEDGE_RETURN_IF_ERROR(models_.Load(parts_.store, state_));
  FEDGE_ASSIGN_OR_RETURN(const auto rounds,
                         parts_.store.ListRounds(0, 0, RoundChanges::kMaxRounds));
  std::for_each(rounds.rbegin(), rounds.rend(),
                [this](const RoundRecord& round) { round_changes_.Add(round); });
  FEDGE_RETURN_IF_ERROR(parts_.spool.DropAllBut(SpooledRound(state_)));
  FEDGE_RETURN_IF_ERROR(parts_.models.Publish(state_.model));
  Take(Resume(options_.limits, std::move(state_), now_));
  RunBatch({});
  return failure_;
}

void Actor::RunBatch(const std::vector<Command>& commands) {
  now_ = parts_.clock.Now();
  for (const Command& command : commands) command(*this);
  if (const auto deadline = NextDeadline(state_); deadline && *deadline <= now_) Apply(Tick{});
  ExpireSessions();
  FollowPhase();
  SaveBatch();
  AnswerDuePolls();
  for (const ClientId& client : std::exchange(unsettled_, {})) SettlePoll(client);
  watchers_.Update(*this);
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
  // At least a moment: a deadline that a Tick does not move must not become a busy loop.
  return std::clamp(next - parts_.clock.Now(), Duration(1), kLongestIdle);
}

Actor::Applied Actor::Apply(const Event& event) {
  if (!failure_.ok()) return {failure_, std::nullopt};
  return Take(Advance(options_.limits, std::move(state_), event, now_));
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

void Actor::SaveBatch() {
  if (failure_.ok()) {
    if (const Status status = MakeDurable(); !status.ok()) Fail(status);
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
  for (const RoundId round : unsynced_) FEDGE_RETURN_IF_ERROR(parts_.spool.Sync(round));
  if (writes_.empty()) return OkStatus();
  FEDGE_RETURN_IF_ERROR(parts_.store.Commit(writes_));
  bool events = false;
  for (const StoreWrite& write : writes_) {
    if (const auto* round = std::get_if<SaveRound>(&write)) round_changes_.Add(round->round);
    if (const auto* event = std::get_if<SaveEvent>(&write)) {
      LogEvent(event->event);
      events = true;
    }
  }
  if (events) followers_.WakeAll();
  return OkStatus();
}

void Actor::Fail(const Status& status) {
  failure_ = status.WithContext("the state could not be saved");
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
