#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "fedge/client/messages.h"
#include "fedge/client/trainer.h"
#include "fedge/common/clock.h"
#include "fedge/common/result.h"
#include "fedge/common/status.h"

// What goes into and comes out of a session (session.h).
namespace fedge::client {

// Names one call or job of a session; its answer carries the same id.
using CallId = std::uint64_t;
using JobId = std::uint64_t;
inline constexpr CallId kNoCall = 0;

// ---- Events ----
// retry_after: how long a server that had no room asks to be left alone.
struct Tick {};
struct Shutdown {};
struct Joined {
  CallId call;
  Result<SessionTerms> result;
  Duration retry_after{0};
};
struct Polled {
  CallId call;
  Result<PollAnswer> result;
  Duration retry_after{0};
};
struct ModelReady {
  Digest digest;
  Result<std::shared_ptr<const GlobalModel>> result;
};
struct Trained {
  JobId job;
  Result<std::shared_ptr<const Update>> result;
};
struct Evaluated {
  JobId job;
  Result<Metrics> result;
};
struct UploadChecked {
  CallId call;
  Result<UploadProgress> result;
  Duration retry_after{0};
};
struct Submitted {
  CallId call;
  Result<SubmitAnswer> result;
  Duration retry_after{0};
};
struct Reported {
  CallId call;
  Status status;
  Duration retry_after{0};
};
struct Left {
  CallId call;
};
using Event = std::variant<Tick, Shutdown, Joined, Polled, ModelReady, Trained, Evaluated,
                           UploadChecked, Submitted, Reported, Left>;

// ---- Effects: calls ----
struct SendJoin {
  CallId call;
};
struct SendPoll {
  CallId call;
  std::string session;
  std::string busy_task_id;
  Duration max_hold;
};
struct SendUploadStatus {
  CallId call;
  std::string session;
  std::string task_id;
  std::uint64_t payload_bytes = 0;
};
struct SendSubmit {
  CallId call;
  std::string session;
  Task task;
  std::shared_ptr<const Update> update;
  std::uint64_t offset;  // of the payload's first byte to send
  std::size_t max_chunk_bytes;
};
struct SendReport {
  CallId call;
  std::string session;
  std::string task_id;
  Report report;
};
struct SendLeave {
  CallId call;
  std::string session;
};
using Call = std::variant<SendJoin, SendPoll, SendUploadStatus, SendSubmit, SendReport, SendLeave>;

struct CancelCall {
  CallId call;
};

// ---- Effects: work ----
struct FetchModel {
  ContentRef model;
  std::string session;
};
struct StartJob {
  JobId job;
  Task task;
  std::shared_ptr<const GlobalModel> model;
};
struct CancelJob {
  JobId job;
};

// ---- Effects: for whoever watches ----
struct TaskStarted {
  Task task;
};
enum class TaskEnd : std::uint8_t {
  kAccepted,
  kRefused,
  kLate,
  kSurplus,
  kFailed,
  kEvaluated,
  kStopped
};
struct TaskEnded {
  Task task;
  TaskEnd end;
  std::string reason = {};                         // of anything but kAccepted and kEvaluated
  std::shared_ptr<const Update> update = nullptr;  // what was submitted, if it came so far
  Metrics evaluation = {};                         // kEvaluated
};
struct LinkLost {
  Status status;
  Duration retry_in;
};
struct LinkUp {
  std::string coordinator_id;
};
struct SessionEnded {
  Status status;
};
using Effect = std::variant<Call, CancelCall, FetchModel, StartJob, CancelJob, TaskStarted,
                            TaskEnded, LinkLost, LinkUp, SessionEnded>;

}  // namespace fedge::client
