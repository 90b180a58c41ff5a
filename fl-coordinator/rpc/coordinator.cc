#include "fedge/coordinator_rpc/coordinator.h"

#include <utility>

#include "fedge/common/log.h"

namespace fedge {

Result<std::unique_ptr<Coordinator>> Coordinator::Start(const RuntimeOptions& options,
                                                        const CoordinatorParts& parts,
                                                        std::function<void()> on_failure) {
  std::unique_ptr<Coordinator> coordinator(new Coordinator(options, parts, std::move(on_failure)));
  FEDGE_RETURN_IF_ERROR(coordinator->actor_.Load());
  coordinator->thread_ = std::thread([self = coordinator.get()] { self->Loop(); });
  return coordinator;
}

Coordinator::Coordinator(const RuntimeOptions& options, const CoordinatorParts& parts,
                         std::function<void()> on_failure)
    : options_(options),
      parts_(parts),
      on_failure_(std::move(on_failure)),
      mailbox_(options.max_queued_requests),
      aggregator_(
          std::make_unique<Aggregator>(parts.files, parts.store, parts.spool, parts.models,
                                       [this](const RoundRecord& round, Result<ModelRef> model) {
                                         Aggregated(round, std::move(model));
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
    if (on_failure_) on_failure_();
  }
}

void Coordinator::Aggregated(const RoundRecord& round, Result<ModelRef> model) {
  if (model.ok()) {
    Post([done = AggregationDone{round.round, *model}](Actor& actor) {
      // Refused when the run was aborted meanwhile: the file goes with the next one that is not
      // kept.
      if (const Status status = actor.Apply(done).status; !status.ok()) {
        log::Info("aggregation discarded round={} reason=\"{}\"", done.round, status.message());
      }
    });
  } else if (model.status().code() != StatusCode::kCancelled) {
    Post([failed = AggregationFailed{round.round, model.status().message()}](Actor& actor) {
      if (const Status status = actor.Apply(failed).status; !status.ok()) {
        log::Info("aggregation failure ignored round={} reason=\"{}\"", failed.round,
                  status.message());
      }
    });
  }
}

}  // namespace fedge
