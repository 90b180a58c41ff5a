#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/clock.h"
#include "fedge/common/hash.h"
#include "fedge/common/training.h"
#include "fedge/coordinator/refusal.h"

// What the coordinator keeps, as plain values: the run machine computes them, the store writes
// them, services show them.
namespace fedge {

using RunId = std::uint64_t;    // from 1, in the order of their start
using RoundId = std::uint64_t;  // from 1, over all runs
using ClientId = std::string;
using Labels = std::map<std::string, std::string>;

enum class PhaseName : std::uint8_t { kInitializing, kTraining, kAggregating, kCompleted, kError };
std::string_view Name(PhaseName phase);  // "INITIALIZING" ...

enum class Role : std::uint8_t { kTrainer, kEvaluator };

struct RunPlan {
  std::uint32_t num_rounds = 1;
  std::uint32_t num_clients = 0;  // N: updates that end a round
  // M, the quorum; 0: all N to begin a round, ceil(N / 2) to end one.
  std::uint32_t min_clients = 0;
  double over_select = 1.0;              // the cohort is ceil(over_select * N)
  Duration deadline{120'000};            // of a round, from INITIALIZING on
  Labels where;                          // a client must carry all of them
  std::uint32_t max_retries = 0;         // further rounds after failed ones, in all
  TrainConfig train;                     // seed: of the run
  double learning_rate_decay = 1.0;      // factor per round of the run
  std::string until;                     // "accuracy>=0.97"; empty: all rounds
  Duration evaluation_deadline{60'000};  // how long `until` waits for an evaluation

  friend bool operator==(const RunPlan&, const RunPlan&) = default;
};

struct ModelRef {
  Digest digest;            // of the .pt file
  std::uint64_t size = 0;   // of the .pt file, in bytes
  RoundId round = 0;        // after which round; 0: as given
  std::uint32_t crc32 = 0;  // of the .pt file

  friend bool operator==(const ModelRef&, const ModelRef&) = default;
};

struct RunRecord {
  RunId run = 0;
  RunPlan plan;
  std::string request_id;
  std::uint32_t rounds_completed = 0;
  std::uint32_t retries_used = 0;
  bool ended = false;
  bool goal_reached = false;
  std::string error;   // why it failed; ERROR until `reset`
  bool reset = false;  // an operator has seen the error
  // No cohort is selected; the round that trains already goes on to its end.
  bool paused = false;
  TimePoint started{};
  TimePoint ended_at{};
};

enum class TaskState : std::uint8_t {
  kOffered,
  kTraining,  // delivered to the client; not persisted as such
  kAccepted,
  kRefused,    // the update was malformed, non-finite, of the wrong shape or base
  kFailed,     // the client reported that it has none
  kLate,       // arrived after the round's deadline
  kSurplus,    // not needed any more
  kWithdrawn,  // the round ended without it
};
std::string_view Name(TaskState state);  // "offered" ...

// Where an update lies: in segment `segment` of the spool.
struct Extent {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint32_t crc32 = 0;  // of the payload

  friend bool operator==(const Extent&, const Extent&) = default;
};

struct TaskRecord {
  RoundId round = 0;
  ClientId client;
  TaskState state = TaskState::kOffered;
  std::string reason;  // of a refusal or failure
  RefusalCode refusal = RefusalCode::kNone;
  TrainResult result;
  Extent extent;  // of an accepted update
  TimePoint updated{};

  std::string id() const;  // "<round>:<client>"
  // An update is still expected.
  bool open() const { return state == TaskState::kOffered || state == TaskState::kTraining; }
};

struct RoundRecord {
  RoundId round = 0;
  RunId run = 0;
  std::uint32_t index_in_run = 1;  // from 1; a retry has the index of the round that failed
  PhaseName phase = PhaseName::kInitializing;
  ModelRef base;                 // what the clients start from
  ModelRef model;                // the result, once COMPLETED
  std::uint32_t num_wanted = 0;  // N of the plan: that many accepted updates end the round
  std::uint32_t num_selected = 0;
  std::uint32_t num_accepted = 0;
  std::uint32_t num_refused = 0;
  std::uint32_t num_failed = 0;
  std::uint32_t num_late = 0;
  std::uint32_t num_surplus = 0;
  std::uint64_t num_examples = 0;  // sum of the accepted weights
  std::uint64_t bytes_down = 0;
  std::uint64_t bytes_up = 0;
  // Means of what the accepted clients reported, weighted with their measured examples.
  Metrics train_before;
  Metrics train_after;
  Metrics evaluation;               // of the result, by the evaluators
  bool evaluation_pending = false;  // it is not finished
  std::string error;
  TimePoint started{};  // or when a pause before its training ended
  TimePoint training_started{};
  // In TRAINING: when a lost update was asked for again, from when on the deadline counts anew.
  TimePoint aggregation_started{};
  TimePoint ended{};
};

struct ClientRecord {
  ClientId client;
  Role role = Role::kTrainer;
  Labels labels;
  std::uint64_t num_examples = 0;
  std::string software;
  TimePoint first_seen{};
  TimePoint last_seen{};
  std::uint64_t num_accepted = 0;
  std::uint64_t num_refused = 0;
  std::uint64_t bytes_up = 0;
  double examples_per_second = 0;
  std::string last_refusal;
  RefusalCode last_refusal_code = RefusalCode::kNone;
};

struct EventRecord {
  std::uint64_t sequence = 0;  // given by the store
  TimePoint time{};
  std::string kind;
  RunId run = 0;
  RoundId round = 0;
  ClientId client;
  std::string message;
};

}  // namespace fedge
