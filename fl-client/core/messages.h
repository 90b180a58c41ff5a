#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "fedge/client/trainer.h"
#include "fedge/common/clock.h"
#include "fedge/common/hash.h"
#include "fedge/common/training.h"

// What a client and its coordinator tell each other, free of any wire format. federation.proto has
// the same messages.
namespace fedge::client {

enum class Role : std::uint8_t { kTrainer, kEvaluator };

// Who a client is: fixed for as long as the process lives.
struct Profile {
  std::string id;
  std::array<std::byte, 16> key{};  // random: whoever joins with it takes over the session
  Role role = Role::kTrainer;
  std::map<std::string, std::string> labels;
  std::uint64_t num_examples = 0;
};

struct SessionTerms {
  std::string session;
  Duration max_hold{25'000};  // of a poll
  std::size_t max_chunk_bytes = std::size_t{1} << 20;
  std::string coordinator_id = {};
};

struct ContentRef {
  Digest digest;
  std::uint64_t size = 0;  // bytes

  friend bool operator==(const ContentRef&, const ContentRef&) = default;
};

struct Task {
  enum class Kind : std::uint8_t { kTrain, kEvaluate };

  Kind kind = Kind::kTrain;
  std::string id;
  std::uint64_t run = 0;
  std::uint64_t round = 0;
  ContentRef model;
  TrainConfig config;  // kTrain only
};

struct Stop {
  std::string task_id;
  std::string reason;
};
struct Wait {
  Duration retry_after{0};
};
struct Gone {
  std::string reason;
  Duration retry_after{0};  // 0: do not come back
};
using PollAnswer = std::variant<Task, Stop, Wait, Gone>;

struct UploadProgress {
  std::uint64_t received_bytes = 0;
  bool accepted = false;
};

enum class Outcome : std::uint8_t { kAccepted, kRefused, kLate, kSurplus };
struct SubmitAnswer {
  Outcome outcome = Outcome::kAccepted;
  std::string reason;
};

// Why a client sends no update.
struct Failure {
  std::string reason;
  bool not_finite = false;  // there was one, of NaN or infinity: it counts as refused
};
// What a client sends instead of an update.
using Report = std::variant<Failure, Metrics>;

// A finished update on its way to the coordinator; shared with the call that sends it, never
// copied.
struct Update {
  TrainOutput output;
  std::uint32_t crc32 = 0;            // of output.payload
  std::shared_ptr<void> reservation;  // given back when the last owner lets go
};

}  // namespace fedge::client
