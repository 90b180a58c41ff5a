#include "fake_coordinator.h"

#include <algorithm>

#include <fmt/format.h>

#include "fedge/common/hash.h"

namespace fedge::client {

ContentRef FakeCoordinator::Keep(std::string content) {
  const ContentRef ref{Sha256::Of(AsBytes(content)), content.size()};
  contents_[ref.digest] = std::move(content);
  return ref;
}

void FakeCoordinator::Tell(const std::string& client, PollAnswer answer) {
  const auto index =
      static_cast<std::size_t>(std::find(ids_.begin(), ids_.end(), client) - ids_.begin());
  const auto poll = polls_.find(index);
  if (poll == polls_.end()) {
    queued_[index].push_back(std::move(answer));
    return;
  }
  const CallId call = poll->second;
  polls_.erase(poll);
  Answer(index, Polled{call, std::move(answer)});
}

void FakeCoordinator::Restart() {
  ++generation_;
  sessions_.clear();
  partial_.clear();
  for (const auto& [client, call] : std::exchange(polls_, {}))
    Answer(client, Polled{call, Unavailable("cut")});
  for (const auto& [client, held] : std::exchange(held_, {}))
    Answer(client, Submitted{held.first, Unavailable("cut")});
  log.push_back("-- restart");
}

void FakeCoordinator::AnswerHeldSubmits() {
  for (const auto& [client, held] : std::exchange(held_, {}))
    Answer(client, Submitted{held.first, SubmitAnswer{}});
}

void FakeCoordinator::Send(std::size_t client, Call call) {
  std::visit([&](const auto& c) { On(client, c); }, call);
}

void FakeCoordinator::Cancel(std::size_t client, CallId call) {
  if (const auto poll = polls_.find(client); poll != polls_.end() && poll->second == call) {
    polls_.erase(poll);
    Answer(client, Polled{call, Cancelled("cancelled")});
  }
  if (const auto held = held_.find(client); held != held_.end() && held->second.first == call) {
    held_.erase(held);
    Answer(client, Submitted{call, Cancelled("cancelled")});
  }
}

bool FakeCoordinator::Knows(std::size_t client, const std::string& session) const {
  const auto it = sessions_.find(client);
  return it != sessions_.end() && it->second == session;
}

void FakeCoordinator::On(std::size_t client, const SendJoin& call) {
  if (down) return Answer(client, Joined{call.call, Unavailable("connection refused")});
  log.push_back("join " + ids_[client]);
  sessions_[client] = fmt::format("{}/{}", ids_[client], generation_);
  Answer(client, Joined{call.call, SessionTerms{.session = sessions_[client],
                                                .max_chunk_bytes = chunk_bytes}});
}

void FakeCoordinator::On(std::size_t client, const SendPoll& call) {
  if (down) return Answer(client, Polled{call.call, Unavailable("connection refused")});
  log.push_back(fmt::format("poll {} busy={}", ids_[client], call.busy_task_id));
  if (!Knows(client, call.session))
    return Answer(client, Polled{call.call, Unauthenticated("unknown session")});
  if (const auto open = polls_.find(client); open != polls_.end())
    Answer(client, Polled{open->second, PollAnswer(Wait{})});
  polls_[client] = call.call;
  auto& queue = queued_[client];
  if (queue.empty()) return;
  PollAnswer answer = std::move(queue.front());
  queue.pop_front();
  Tell(ids_[client], std::move(answer));
}

void FakeCoordinator::On(std::size_t client, const SendUploadStatus& call) {
  if (down) return Answer(client, UploadChecked{call.call, Unavailable("connection refused")});
  log.push_back(fmt::format("status {}", call.task_id));
  if (!Knows(client, call.session))
    return Answer(client, UploadChecked{call.call, Unauthenticated("unknown session")});
  Answer(client, UploadChecked{call.call, UploadProgress{partial_[call.task_id].size(),
                                                         accepted.contains(call.task_id)}});
}

void FakeCoordinator::On(std::size_t client, const SendSubmit& call) {
  if (down) return Answer(client, Submitted{call.call, Unavailable("connection refused")});
  log.push_back(fmt::format("submit {} from {}", call.task.id, call.offset));
  if (!Knows(client, call.session))
    return Answer(client, Submitted{call.call, Unauthenticated("unknown session")});
  auto& received = partial_[call.task.id];
  const auto& payload = call.update->output.payload;
  if (received.size() != call.offset)
    return Answer(client, Submitted{call.call, OutOfRange("wrong offset")});
  const std::size_t end = cut_submits > 0 ? (call.offset + payload.size()) / 2 : payload.size();
  received.insert(received.end(), payload.begin() + static_cast<std::ptrdiff_t>(call.offset),
                  payload.begin() + static_cast<std::ptrdiff_t>(end));
  if (cut_submits > 0) {
    --cut_submits;
    return Answer(client, Submitted{call.call, Unavailable("cut")});
  }
  if (hold_submits) {
    held_[client] = {call.call, call.task.id};
    return;
  }
  if (Crc32(received) != call.update->crc32) {
    return Answer(client, Submitted{call.call, SubmitAnswer{Outcome::kRefused, "wrong checksum"}});
  }
  accepted[call.task.id] = std::move(received);
  partial_.erase(call.task.id);
  if (lost_answers > 0) {
    --lost_answers;
    return Answer(client, Submitted{call.call, Unavailable("cut")});
  }
  Answer(client, Submitted{call.call, SubmitAnswer{}});
}

void FakeCoordinator::On(std::size_t client, const SendReport& call) {
  if (down) return Answer(client, Reported{call.call, Unavailable("connection refused")});
  log.push_back(fmt::format("report {}", call.task_id));
  if (!Knows(client, call.session))
    return Answer(client, Reported{call.call, Unauthenticated("unknown session")});
  reports[call.task_id] = call.report;
  Answer(client, Reported{call.call, OkStatus()});
}

void FakeCoordinator::On(std::size_t client, const SendLeave& call) {
  log.push_back("leave " + ids_[client]);
  sessions_.erase(client);
  if (!down) Answer(client, Left{call.call});
}

void FakeCoordinator::Fetch(const std::string& session, std::unique_ptr<ModelDownload> download) {
  const std::uint64_t begin = download->offset();
  log.push_back(fmt::format("fetch {} from {}", download->model().digest.ShortHex(), begin));
  const auto answer = [&](Status status) {
    mailbox_.Post(FetchEnded{std::move(download), std::move(status)});
  };
  if (down) return answer(Unavailable("connection refused"));
  const bool known = std::any_of(sessions_.begin(), sessions_.end(),
                                 [&](const auto& s) { return s.second == session; });
  if (!known) return answer(Unauthenticated("unknown session"));
  const auto found = contents_.find(download->model().digest);
  if (found == contents_.end())
    return answer(NotFound("model {} is not kept", download->model().digest.ShortHex()));

  std::string content = found->second;
  if (damaged_fetches > 0) {
    --damaged_fetches;
    std::reverse(content.begin(), content.end());
  }
  const bool cut = cut_fetches > 0;
  if (cut) --cut_fetches;
  const std::uint64_t end = cut ? (begin + content.size()) / 2 : content.size();
  for (std::uint64_t offset = begin; offset < end;) {
    const auto chunk = AsBytes(std::string_view(content).substr(
        offset, std::min<std::uint64_t>(chunk_bytes, end - offset)));
    if (Status status = download->Append(offset, chunk, Crc32(chunk)); !status.ok())
      return answer(std::move(status));
    offset += chunk.size();
  }
  answer(cut ? Unavailable("cut") : OkStatus());
}

}  // namespace fedge::client
