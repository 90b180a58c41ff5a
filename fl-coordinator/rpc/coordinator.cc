#include "fedge/coordinator_rpc/coordinator.h"

#include <utility>

#include "fedge/common/log.h"

namespace fedge {
namespace {

// The machine refuses what comes of a run that was aborted meanwhile.
void Tell(Actor& actor, RoundId round, const Event& event) {
  if (const Status status = actor.Apply(event).status; !status.ok()) {
    log::Info("aggregation discarded round={} reason=\"{}\"", round, status.message());
  }
}

void EndAggregation(Actor& actor, RoundId round, const Aggregation& aggregation) {
  if (aggregation.model.ok()) return Tell(actor, round, AggregationDone{round, *aggregation.model});
  const Status status = aggregation.model.status();
  for (const LostUpdate& lost : aggregation.lost) {
    Tell(actor, round, UpdateLost{round, lost.client, lost.reason});
  }
  if (aggregation.can_be_repeated) {
    actor.Stop(status.WithContext(fmt::format("round {} could not be aggregated", round)));
  } else if (aggregation.lost.empty()) {
    Tell(actor, round, AggregationFailed{round, status.message()});
  }
}

}  // namespace

Result<std::unique_ptr<Coordinator>> Coordinator::Start(const RuntimeOptions& options,
                                                        const CoordinatorParts& parts,
                                                        OnFailure on_failure) {
  std::unique_ptr<Coordinator> coordinator(new Coordinator(options, parts, std::move(on_failure)));
  FEDGE_RETURN_IF_ERROR(coordinator->actor_.Load());
  coordinator->thread_ = std::thread([self = coordinator.get()] { self->Loop(); });
  return coordinator;
}

Coordinator::Coordinator(const RuntimeOptions& options, const CoordinatorParts& parts,
                         OnFailure on_failure)
    : options_(options),
      parts_(parts),
      on_failure_(std::move(on_failure)),
      mailbox_(options.max_queued_requests),
      aggregator_(std::make_unique<Aggregator>(
          parts.files, parts.store, parts.spool, parts.models, parts.metrics,
          [this](const RoundRecord& round, Aggregation aggregation) {
            Aggregated(round, std::move(aggregation));
          })),
      actor_(options_, parts_, *aggregator_) {}

Coordinator::~Coordinator() { Stop(); }

void Coordinator::Drain() {
  mailbox_.Close();
  Post([](Actor& actor) { actor.Drain(); });
}

void Coordinator::Stop() {
  if (!thread_.joinable()) return;
  Drain();
  aggregator_->Cancel();
  Post([this](Actor&) { stopping_ = true; });
  thread_.join();
  aggregator_.reset();
}

Status Coordinator::failure() const {
  const std::lock_guard lock(failure_mutex_);
  return failure_;
}

void Coordinator::Loop() {
  bool failed = false;
  while (!stopping_) {
    actor_.RunBatch(mailbox_.TakeAll(actor_.IdleTime()));
    if (failed || actor_.failure().ok()) continue;
    failed = true;
    {
      const std::lock_guard lock(failure_mutex_);
      failure_ = actor_.failure();
    }
    mailbox_.Close();
    if (on_failure_) on_failure_(actor_.failure());
  }
}

void Coordinator::Aggregated(const RoundRecord& round, Aggregation aggregation) {
  const Status status = aggregation.model.status();
  if (status.code() == StatusCode::kCancelled) return;
  Post([round = round.round, aggregation = std::move(aggregation)](Actor& actor) {
    EndAggregation(actor, round, aggregation);
  });
}

}  // namespace fedge
