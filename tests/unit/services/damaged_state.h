#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fedge/coordinator_rpc/server.h"
#include "harness.h"

namespace fedge::testing {

// The files of a state directory, by their name in it. Links to one file are copies here.
using Files = std::map<std::string, std::string>;

// What came of a coordinator that was started on damaged files.
struct Aftermath {
  Status refused;                 // why it did not start, if so
  std::string model;              // else the global model once the run has ended
  std::vector<EventRecord> told;  // what it said of damage in its event log
};

// A run of two rounds with three clients, stopped at some instant, whose files can be damaged and
// started on again: the clients then do what they are asked for, until the run ends.
class DamagedState {
 public:
  DamagedState();

  // As a kill leaves it in round 2, with two of three updates accepted.
  const Files& in_round() const { return in_round_; }
  // As a kill leaves it once the run has ended.
  const Files& at_rest() const { return at_rest_; }
  // The global model of an undisturbed run.
  const std::string& model() const { return model_; }

  // `linked`: global.pt and the newest model are one file, as where the file system has links.
  Aftermath GoOn(const Files& files, bool linked = false);
  // The right model, or the refusal that is documented: anything else fails the test.
  void ExpectRightOrRefused(const Files& files);
  // Over all calls of ExpectRightOrRefused.
  int num_right() const { return num_right_; }
  int num_refused() const { return num_refused_; }

  // Calls `play` with the same files in which one bit is flipped, in each 512-byte sector of each
  // file (every `step`-th of them); and in which one file ends early, at each sector.
  void ForEachFlip(const Files& files, std::size_t step, std::uint64_t seed,
                   const std::function<void(const Files&)>& play);
  void ForEachTruncation(const Files& files, std::size_t step,
                         const std::function<void(const Files&)>& play);

 private:
  void Link(const std::string& folder) const;
  // Lets every client that is asked for an update send it, until there is nothing to do, or until
  // `stop` says so.
  void Work(CoordinatorServer& server, const std::function<bool(const State&)>& stop);

  Harness harness_;  // for its model and payloads
  Files in_round_;
  Files at_rest_;
  std::string model_;
  int num_right_ = 0;
  int num_refused_ = 0;
};

}  // namespace fedge::testing
