#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fedge/client/mailbox.h"
#include "fedge/client/transport.h"

namespace fedge::client {

// A coordinator behind the Transport seam, with switches for what goes wrong. Answers at once, by
// the mailbox; runs on the actor thread. `log` is the transcript of what it was asked, one line per
// call.
class FakeCoordinator final : public Transport {
 public:
  FakeCoordinator(std::vector<std::string> ids, Mailbox& mailbox)
      : ids_(std::move(ids)), mailbox_(mailbox) {}

  // A content that can be fetched; returns its reference.
  ContentRef Keep(std::string content);
  void Offer(const std::string& client, Task task) { Tell(client, std::move(task)); }
  void Tell(const std::string& client, PollAnswer answer);
  // Forgets sessions and half-done uploads; what was accepted stays.
  void Restart();

  // ---- Faults ----
  bool down = false;          // every new call fails with UNAVAILABLE
  int cut_fetches = 0;        // so many fetches end after half of what they owe
  int damaged_fetches = 0;    // so many fetches bring other bytes of the right length
  int cut_submits = 0;        // so many submits are cut after half of the payload
  int lost_answers = 0;       // so many submits are accepted, but cut before the answer
  bool hold_submits = false;  // submits are taken, but not answered
  std::size_t chunk_bytes = 512;

  // ---- Observed ----
  std::vector<std::string> log;
  std::map<std::string, std::vector<std::byte>> accepted;  // payload by task
  std::map<std::string, Report> reports;                   // by task
  std::size_t num_joined() const { return sessions_.size(); }
  std::size_t num_polling() const { return polls_.size(); }
  std::size_t held_submits() const { return held_.size(); }
  void AnswerHeldSubmits();

  void Send(std::size_t client, Call call) override;
  void Cancel(std::size_t client, CallId call) override;
  void Fetch(const std::string& session, std::unique_ptr<ModelDownload> download) override;

 private:
  void On(std::size_t client, const SendJoin& call);
  void On(std::size_t client, const SendPoll& call);
  void On(std::size_t client, const SendUploadStatus& call);
  void On(std::size_t client, const SendSubmit& call);
  void On(std::size_t client, const SendReport& call);
  void On(std::size_t client, const SendLeave& call);
  bool Knows(std::size_t client, const std::string& session) const;
  void Answer(std::size_t client, Event event) {
    mailbox_.Post(SessionEvent{client, std::move(event)});
  }

  std::vector<std::string> ids_;
  Mailbox& mailbox_;
  int generation_ = 1;
  std::map<std::size_t, std::string> sessions_;
  std::map<std::size_t, CallId> polls_;
  std::map<std::size_t, std::deque<PollAnswer>> queued_;
  std::map<std::string, std::vector<std::byte>> partial_;  // by task
  std::map<std::size_t, std::pair<CallId, std::string>> held_;
  std::map<Digest, std::string> contents_;
};

}  // namespace fedge::client
