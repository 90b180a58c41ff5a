#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "fedge/common/clock.h"
#include "fedge/common/file.h"
#include "fedge/common/random.h"
#include "fedge/common/status.h"
#include "fedge/coordinator/model_store.h"
#include "fedge/coordinator/run_machine.h"
#include "fedge/coordinator/spool.h"
#include "fedge/coordinator/store.h"
#include "fedge/coordinator_rpc/aggregator.h"
#include "fedge/coordinator_rpc/event_followers.h"
#include "fedge/coordinator_rpc/kept_models.h"
#include "fedge/coordinator_rpc/mailbox.h"
#include "fedge/coordinator_rpc/metrics.h"
#include "fedge/coordinator_rpc/parked_polls.h"
#include "fedge/coordinator_rpc/round_changes.h"
#include "fedge/coordinator_rpc/runtime_options.h"
#include "fedge/coordinator_rpc/sessions.h"
#include "fedge/coordinator_rpc/transfer_watch.h"
#include "fedge/coordinator_rpc/upload_table.h"
#include "fedge/coordinator_rpc/watchers.h"

namespace fedge {

// What the coordinator is built on; all of it outlives the actor.
struct CoordinatorParts {
  FileSystem& files;
  Store& store;
  Spool& spool;
  ModelStore& models;
  const Clock& clock;
  CoordinatorMetrics& metrics;
};

// Feeds the run machine and performs its effects. Works in batches: all commands that wait are
// applied, what they changed becomes durable in one transaction, and only then is anything sent, so
// a burst of updates costs one commit. Every member runs on the actor thread.
class Actor {
 public:
  // Called once the batch is saved, with OK, or with the reason why it could not be.
  using Reply = std::function<void(const Status& saved)>;
  struct Applied {
    Status status;                       // the machine's answer to the event
    std::optional<AnswerUpdate> answer;  // to an UpdateReceived or UpdateRefused
  };

  Actor(const RuntimeOptions& options, const CoordinatorParts& parts, Aggregator& aggregator);
  // Takes over the state as the store has it, and what was cut off.
  Status Load();

  // ---- The loop ----
  void RunBatch(const std::vector<Command>& commands);
  // How long RunBatch may wait for commands.
  Duration IdleTime() const;
  // Parked calls are answered; from now on polls are answered Gone.
  void Drain();
  // Not OK once the coordinator cannot go on: nothing is applied, saved or acknowledged any more.
  const Status& failure() const { return failure_; }

  // ---- For commands ----
  Applied Apply(const Event& event);
  void Save(StoreWrite write);
  // The coordinator cannot go on; a restart begins with what was saved. The batch is not.
  void Stop(const Status& why);
  // The spool's segment of this round becomes durable before the batch is saved.
  void SyncSpool(RoundId round) { unsynced_.insert(round); }
  void Defer(Reply reply) { replies_.push_back(std::move(reply)); }
  // The client's parked poll is looked at once the batch is saved.
  void Settle(const ClientId& client) { unsettled_.insert(client); }
  void Park(Session& session, ParkedPolls::Parked parked);
  std::optional<ParkedPolls::Parked> Unpark(Session& session);
  // What the client does may have changed: sees to it that the metrics say so.
  void CountClient(Session& session);
  // The session ends, and the client with it.
  void RemoveSession(ClientId client);

  CoordinatorMetrics& metrics() { return parts_.metrics; }
  TimePoint now() const { return now_; }
  TimePoint started() const { return started_; }
  bool draining() const { return draining_; }
  const RuntimeOptions& options() const { return options_; }
  const State& state() const { return state_; }
  Store& store() { return parts_.store; }
  Spool& spool() { return parts_.spool; }
  Sessions& sessions() { return sessions_; }
  const Sessions& sessions() const { return sessions_; }
  const ParkedPolls& polls() const { return polls_; }
  UploadTable& uploads() { return uploads_; }
  TransferWatch& transfers() { return transfers_; }
  // Of the state directory's file system.
  Result<std::uint64_t> FreeBytes() {
    return parts_.files.FreeBytes(parts_.models.PathOf(state_.model.digest));
  }
  KeptModels& models() { return models_; }
  Watchers& watchers() { return watchers_; }
  EventFollowers& followers() { return followers_; }
  const RoundChanges& round_changes() const { return round_changes_; }
  Random& random() { return random_; }
  const std::string& coordinator_id() const { return coordinator_id_; }
  const ModelFacts& model_facts() const { return model_facts_; }

 private:
  Applied Take(Step step);
  void FollowPhase();
  void ExpireSessions();
  void CheckTransfers();
  // Stops if the state directory is gone.
  void CheckFolder();
  void AnswerDuePolls();
  void SaveBatch();
  Status MakeDurable();
  // The newest global model's file is whole, or is made so.
  Status SecureModel();
  // The model after an earlier round is the global one again, before anything else is done.
  Status GoBackTo(RoundId round);
  // What of the round's updates cannot be read any more is asked for again.
  Status ReopenLostTasks();
  void NoteLostCommits();
  void Note(std::string kind, RoundId round, std::string message);
  void Perform(const Effect& effect);
  void PublishModel(const ModelRef& model);
  void CountSaved(const StoreWrite& write);
  void CountRound(const RoundRecord& round);
  void CountLevels();
  void SettlePoll(const ClientId& client);

  const RuntimeOptions& options_;
  const CoordinatorParts parts_;
  Aggregator& aggregator_;
  const TimePoint started_;
  std::string coordinator_id_;

  State state_;
  TimePoint now_;
  Sessions sessions_;
  ParkedPolls polls_;
  UploadTable uploads_;
  TransferWatch transfers_;
  KeptModels models_;
  Watchers watchers_;
  EventFollowers followers_;
  RoundChanges round_changes_;
  Random random_;
  ModelFacts model_facts_;
  RoundId last_ended_round_ = 0;  // up to this one rounds are counted
  RoundId aborted_round_ = 0;     // the last one that an operator ended
  // What makes progress, as last looked at, and when it changed.
  std::tuple<PhaseName, RoundId, std::uint32_t> counted_steps_;
  TimePoint progress_{};
  RoundId upload_round_ = 0;  // whose uploads are taken; 0: none
  bool aggregating_ = false;
  TimePoint next_expiry_check_{};
  TimePoint next_transfer_check_{};
  TimePoint next_folder_check_{};
  bool draining_ = false;
  Status failure_;

  // What the batch adds up to.
  std::vector<StoreWrite> writes_;
  std::map<RoundId, std::size_t> round_writes_;  // which of them saves a round
  std::set<RoundId> unsynced_;
  std::vector<Reply> replies_;
  std::vector<Effect> effects_;
  std::set<ClientId> unsettled_;
};

}  // namespace fedge
