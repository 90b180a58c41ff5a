#include "fake_federation.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "fedge/common/check.h"
#include "fedge/common/hash.h"
#include "fedge/rpc/convert.h"
#include "fedge/rpc/seal.h"
#include "fedge/rpc/status.h"
#include "fedge/rpc/transport.h"

namespace fedge::client {
namespace {

constexpr std::chrono::minutes kPatience{1};
constexpr std::size_t kChunkBytes = 700;

grpc::Status Error(grpc::StatusCode code, const char* message) {
  return ToGrpc(Status(static_cast<StatusCode>(code), message));
}

}  // namespace

FakeFederation::FakeFederation(std::string model) : model_(std::move(model)) {
  Listen("127.0.0.1:0");
}

FakeFederation::~FakeFederation() { Shutdown(); }

void FakeFederation::Listen(const std::string& address) {
  grpc::ServerBuilder builder;
  ConfigureTransport(builder);
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  FEDGE_CHECK(server_ != nullptr);
  target_ = fmt::format("127.0.0.1:{}", port);
}

void FakeFederation::Shutdown() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  server_->Shutdown();
  server_->Wait();
}

void FakeFederation::Restart() {
  Shutdown();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = false;
    ++generation_;
    sessions_.clear();
    partial_.clear();
  }
  Listen(target_);
}

template <typename Predicate>
bool FakeFederation::Await(Predicate predicate) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, predicate);
}

void FakeFederation::OpenRound(std::uint64_t round) {
  {
    const std::lock_guard lock(mutex_);
    round_ = round;
  }
  changed_.notify_all();
}

bool FakeFederation::AwaitUpdates(std::uint64_t round, std::size_t count) {
  const std::string prefix = fmt::format("{}:", round);
  return Await([&] {
    return static_cast<std::size_t>(std::count_if(
               updates_.begin(), updates_.end(),
               [&](const auto& update) { return update.first.starts_with(prefix); })) >= count;
  });
}

bool FakeFederation::AwaitAnswered(const std::string& task_id) {
  return Await([&] { return done_.contains(task_id); });
}

bool FakeFederation::AwaitReports(std::size_t count) {
  return Await([&] { return reports_.size() >= count; });
}

bool FakeFederation::AwaitPolls(std::size_t count) {
  return Await([&] { return num_polling_ >= count; });
}

void FakeFederation::CutNextFetch(std::size_t after_bytes) {
  const std::lock_guard lock(mutex_);
  cut_fetch_ = after_bytes;
}
void FakeFederation::CutNextSubmit(std::size_t after_bytes) {
  const std::lock_guard lock(mutex_);
  cut_submit_ = after_bytes;
}
void FakeFederation::RefuseUpdates(std::uint64_t round) {
  const std::lock_guard lock(mutex_);
  refused_round_ = round;
}
void FakeFederation::AskForPatience(Duration retry_after) {
  const std::lock_guard lock(mutex_);
  patience_ = retry_after;
}

#define FEDGE_OBSERVED(type, name)      \
  type FakeFederation::name() const {   \
    const std::lock_guard lock(mutex_); \
    return name##_;                     \
  }
using Texts = std::map<std::string, std::string>;
using Reports = std::map<std::string, v1::ReportRequest>;
using Joins = std::map<std::string, v1::JoinRequest>;
using Headers = std::map<std::string, v1::SubmitHeader>;
using Offsets = std::vector<std::uint64_t>;
FEDGE_OBSERVED(Texts, updates)
FEDGE_OBSERVED(Reports, reports)
FEDGE_OBSERVED(Joins, joins)
FEDGE_OBSERVED(Headers, headers)
FEDGE_OBSERVED(Offsets, fetch_offsets)
FEDGE_OBSERVED(Offsets, submit_offsets)
FEDGE_OBSERVED(std::size_t, num_left)
#undef FEDGE_OBSERVED

grpc::Status FakeFederation::Join(grpc::ServerContext*, const v1::JoinRequest* request,
                                  v1::JoinResponse* response) {
  const std::lock_guard lock(mutex_);
  const auto [joined, is_new] = joins_.try_emplace(request->client_id(), *request);
  if (!is_new && joined->second.client_key() != request->client_key()) {
    return Error(grpc::StatusCode::ALREADY_EXISTS, "the id is in use");
  }
  response->set_protocol(1);
  response->set_session(fmt::format("{}/{}", request->client_id(), generation_));
  response->set_max_hold_ms(20'000);
  response->set_max_chunk_bytes(kChunkBytes);
  sessions_[response->session()] = request->client_id();
  SealAnswer(*response, request->crc32());
  return grpc::Status::OK;
}

grpc::Status FakeFederation::Poll(grpc::ServerContext* context, const v1::PollRequest* request,
                                  v1::PollResponse* response) {
  std::unique_lock lock(mutex_);
  const auto session = sessions_.find(request->session());
  if (session == sessions_.end())
    return Error(grpc::StatusCode::UNAUTHENTICATED, "unknown session");
  const std::string client = session->second;
  ++num_polling_;
  changed_.notify_all();
  const auto task_id = [&] { return fmt::format("{}:{}", round_, client); };
  const auto owed = [&] {
    return round_ > 0 && request->busy_task_id() != task_id() && !done_.contains(task_id());
  };
  // A cancelled call wakes nobody: look now and then.
  while (!stopping_ && !owed() && !context->IsCancelled())
    changed_.wait_for(lock, std::chrono::milliseconds(20));
  --num_polling_;
  if (stopping_) return Error(grpc::StatusCode::UNAVAILABLE, "restarting");
  if (!owed()) return Error(grpc::StatusCode::CANCELLED, "cancelled");
  v1::TrainTask& task = *response->mutable_train();
  task.set_task_id(task_id());
  task.set_run(1);
  task.set_round(round_);
  *task.mutable_model() = ToContentRef(Sha256::Of(AsBytes(model_)), model_.size());
  *task.mutable_config() = fedge::ToProto(TrainConfig{});
  SealAnswer(*response, request->crc32());
  return grpc::Status::OK;
}

grpc::Status FakeFederation::Fetch(grpc::ServerContext*, const v1::FetchRequest* request,
                                   grpc::ServerWriter<v1::FetchChunk>* writer) {
  std::size_t end = model_.size();
  bool cut = false;
  {
    const std::lock_guard lock(mutex_);
    fetch_offsets_.push_back(request->offset());
    if (request->digest() != ToBytes(Sha256::Of(AsBytes(model_))))
      return Error(grpc::StatusCode::NOT_FOUND, "not kept");
    cut = cut_fetch_ > 0;
    if (cut) end = std::exchange(cut_fetch_, 0);
  }
  for (std::size_t offset = request->offset(); offset < end;) {
    v1::FetchChunk chunk;
    chunk.set_offset(offset);
    chunk.set_data(model_.substr(offset, std::min(kChunkBytes, end - offset)));
    chunk.set_crc32(Crc32(AsBytes(chunk.data()), request->crc32()));
    offset += chunk.data().size();
    writer->Write(chunk);
  }
  return cut ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "cut") : grpc::Status::OK;
}

grpc::Status FakeFederation::UploadStatus(grpc::ServerContext*,
                                          const v1::UploadStatusRequest* request,
                                          v1::UploadStatusResponse* response) {
  const std::lock_guard lock(mutex_);
  if (!sessions_.contains(request->session()))
    return Error(grpc::StatusCode::UNAUTHENTICATED, "unknown session");
  response->set_received_bytes(partial_[request->task_id()].size());
  response->set_accepted(updates_.contains(request->task_id()));
  SealAnswer(*response, request->crc32());
  return grpc::Status::OK;
}

grpc::Status FakeFederation::Submit(grpc::ServerContext*,
                                    grpc::ServerReader<v1::SubmitRequest>* reader,
                                    v1::SubmitResponse* response) {
  v1::SubmitRequest message;
  if (!reader->Read(&message) || !message.has_header())
    return Error(grpc::StatusCode::INVALID_ARGUMENT, "no header");
  const v1::SubmitHeader header = message.header();
  std::string received;
  std::size_t limit = header.payload_bytes();
  bool cut = false;
  {
    const std::lock_guard lock(mutex_);
    if (!sessions_.contains(header.session()))
      return Error(grpc::StatusCode::UNAUTHENTICATED, "unknown session");
    if (const Duration patience = std::exchange(patience_, Duration(0)); patience > Duration(0)) {
      return ToGrpc(ResourceExhausted("no room"), patience);
    }
    headers_[header.task_id()] = header;
    submit_offsets_.push_back(header.offset());
    received = partial_[header.task_id()];
    if (received.size() != header.offset())
      return Error(grpc::StatusCode::OUT_OF_RANGE, "wrong offset");
    cut = cut_submit_ > 0;
    if (cut) limit = std::exchange(cut_submit_, 0);
  }
  while (received.size() < limit && reader->Read(&message)) {
    const v1::SubmitChunk& chunk = message.chunk();
    if (chunk.offset() != received.size() ||
        Crc32(AsBytes(chunk.data()), header.crc32()) != chunk.crc32()) {
      return Error(grpc::StatusCode::DATA_LOSS, "a damaged chunk");
    }
    received += chunk.data();
  }
  const std::lock_guard lock(mutex_);
  partial_[header.task_id()] = received;
  if (cut) return Error(grpc::StatusCode::UNAVAILABLE, "cut");
  done_.insert(header.task_id());
  if (header.round() == refused_round_ || Crc32(AsBytes(received)) != header.payload_crc32()) {
    response->set_outcome(v1::SubmitResponse::REFUSED);
    response->set_reason(header.round() == refused_round_ ? "not finite" : "wrong checksum");
  } else {
    response->set_outcome(v1::SubmitResponse::ACCEPTED);
    updates_[header.task_id()] = std::move(received);
  }
  changed_.notify_all();
  SealAnswer(*response, header.crc32());
  return grpc::Status::OK;
}

grpc::Status FakeFederation::Report(grpc::ServerContext*, const v1::ReportRequest* request,
                                    v1::ReportResponse* response) {
  const std::lock_guard lock(mutex_);
  if (!sessions_.contains(request->session()))
    return Error(grpc::StatusCode::UNAUTHENTICATED, "unknown session");
  done_.insert(request->task_id());
  reports_[request->task_id()] = *request;
  changed_.notify_all();
  SealAnswer(*response, request->crc32());
  return grpc::Status::OK;
}

grpc::Status FakeFederation::Leave(grpc::ServerContext*, const v1::LeaveRequest* request,
                                   v1::LeaveResponse* response) {
  const std::lock_guard lock(mutex_);
  num_left_ += sessions_.erase(request->session());
  SealAnswer(*response, request->crc32());
  return grpc::Status::OK;
}

}  // namespace fedge::client
