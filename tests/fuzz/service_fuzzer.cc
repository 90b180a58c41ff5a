// A coordinator under arbitrary requests: the input is a sequence of calls, each one byte that says
// which, two bytes of length, and so many bytes of the request (streams: of one message after the
// other). Where a field says "@" (or 777, of a number) it becomes what a client of this coordinator
// would say there, and every request is sealed, so that the handlers are reached and not only their
// first checks. Nothing may crash, hang, or stop the coordinator.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/reflection.h>

#include "fedge/common/check.h"
#include "fedge/common/log.h"
#include "fedge/coordinator_rpc/server.h"
#include "fedge/rpc/seal.h"
#include "fedge/rpc/transport.h"
#include "fedge/testing/temp_directory.h"
#include "fedge/testing/tiny_model.h"
#include "fedge/v1/admin.grpc.pb.h"
#include "fedge/v1/federation.grpc.pb.h"

namespace fedge {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::uint64_t kPlaceholder = 777;
constexpr std::chrono::milliseconds kPatience{200};
constexpr std::size_t kMaxCalls = 32;

// The current things that placeholders stand for.
struct Names {
  std::string session;
  std::string task;
  std::string digest;
  std::uint64_t run = 0;
  std::uint64_t round = 0;
};

class Target {
 public:
  Target() {
    log::SetLevel(log::Level::kOff);
    RouteGrpcLog();
    const std::string model = testing::TinyModel(
        {{.name = "w", .dtype = DType::kFloat32, .shape = {4}, .bytes = std::string(16, '\0')}});
    const std::string path = directory_.File("model.pt");
    FEDGE_CHECK(WriteFileAtomically(PosixFileSystem(), path, AsBytes(model)).ok());
    ServerOptions options;
    options.state_dir = directory_.File("state");
    options.model = path;
    options.listen = {.host = "127.0.0.1", .port = 0};
    options.runtime.poll_hold = Duration(1);
    options.runtime.upload_hold = Duration(1);
    options.runtime.min_free_bytes = 0;
    options.runtime.max_sessions = 64;
    options.runtime.small_update_bytes = 8;
    options.runtime.limits.join_grace = Duration::zero();
    options.on_failure = [] { FEDGE_CHECK(false); };
    server_ = CoordinatorServer::Start(options).value();
    const auto channel = server_->InProcessChannel();
    federation_ = v1::Federation::NewStub(channel);
    admin_ = v1::Admin::NewStub(channel);
  }

  // A client has joined, a run is under way, and the client has a task where that can be had.
  void Prepare() {
    v1::JoinRequest join;
    join.set_min_protocol(1);
    join.set_max_protocol(1);
    join.set_client_id("a");
    join.set_client_key("0123456789abcdef");
    join.set_role(v1::ROLE_TRAINER);
    v1::JoinResponse joined;
    Unary(&v1::Federation::Stub::Join, *federation_, join, joined);
    names_.session = joined.session();
    v1::ResetResponse reset;
    Unary(&v1::Admin::Stub::Reset, *admin_, v1::ResetRequest(), reset);
    v1::StartRunRequest start;
    start.mutable_plan()->set_num_rounds(2);
    start.mutable_plan()->set_num_clients(1);
    start.mutable_plan()->set_over_select(1);
    start.mutable_plan()->set_deadline_ms(1'000);
    start.mutable_plan()->set_learning_rate_decay(1);
    start.mutable_plan()->mutable_train()->set_learning_rate(0.1);
    start.mutable_plan()->mutable_train()->set_optimizer("sgd");
    v1::StartRunResponse started;
    Unary(&v1::Admin::Stub::StartRun, *admin_, start, started);
    v1::PollRequest poll;
    poll.set_session(names_.session);
    v1::PollResponse polled;
    Unary(&v1::Federation::Stub::Poll, *federation_, poll, polled);
    if (!polled.has_train()) return;
    names_.task = polled.train().task_id();
    names_.digest = polled.train().model().digest();
    names_.run = polled.train().run();
    names_.round = polled.train().round();
  }

  // Still answers.
  void CheckAlive() {
    v1::CoordinatorStatus status;
    grpc::ClientContext context;
    FEDGE_CHECK(admin_->GetStatus(&context, v1::GetStatusRequest(), &status).ok());
  }

  void Call(std::uint8_t which, std::string_view bytes) {
    using F = v1::Federation::Stub;
    using A = v1::Admin::Stub;
    switch (which % 23) {
      case 0:
        return Parsed<v1::JoinRequest, v1::JoinResponse>(&F::Join, *federation_, bytes);
      case 1:
        return Parsed<v1::PollRequest, v1::PollResponse>(&F::Poll, *federation_, bytes);
      case 2:
        return Parsed<v1::UploadStatusRequest, v1::UploadStatusResponse>(&F::UploadStatus,
                                                                         *federation_, bytes);
      case 3:
        return Parsed<v1::ReportRequest, v1::ReportResponse>(&F::Report, *federation_, bytes);
      case 4:
        return Parsed<v1::LeaveRequest, v1::LeaveResponse>(&F::Leave, *federation_, bytes);
      case 5:
        return Streamed<v1::FetchRequest, v1::FetchChunk>(&F::Fetch, *federation_, bytes);
      case 6:
      case 7:
        return Submit(bytes);
      case 8:
        return Parsed<v1::StartRunRequest, v1::StartRunResponse>(&A::StartRun, *admin_, bytes);
      case 9:
        return Parsed<v1::GetStatusRequest, v1::CoordinatorStatus>(&A::GetStatus, *admin_, bytes);
      case 10:
        return Parsed<v1::ListRoundsRequest, v1::ListRoundsResponse>(&A::ListRounds, *admin_,
                                                                     bytes);
      case 11:
        return Parsed<v1::GetRoundRequest, v1::GetRoundResponse>(&A::GetRound, *admin_, bytes);
      case 12:
        return Parsed<v1::ListClientsRequest, v1::ListClientsResponse>(&A::ListClients, *admin_,
                                                                       bytes);
      case 13:
        return Parsed<v1::GetClientRequest, v1::GetClientResponse>(&A::GetClient, *admin_, bytes);
      case 14:
        return Parsed<v1::AbortRunRequest, v1::AbortRunResponse>(&A::AbortRun, *admin_, bytes);
      case 15:
        return Parsed<v1::ResetRequest, v1::ResetResponse>(&A::Reset, *admin_, bytes);
      case 16:
        return Streamed<v1::WatchRequest, v1::WatchResponse>(&A::Watch, *admin_, bytes);
      case 17:
        return Streamed<v1::ExportModelRequest, v1::ExportModelResponse>(&A::ExportModel, *admin_,
                                                                         bytes);
      case 18:
        return Parsed<v1::PauseRunRequest, v1::PauseRunResponse>(&A::PauseRun, *admin_, bytes);
      case 19:
        return Parsed<v1::ResumeRunRequest, v1::ResumeRunResponse>(&A::ResumeRun, *admin_, bytes);
      case 20:
        return Parsed<v1::RollBackRequest, v1::RollBackResponse>(&A::RollBack, *admin_, bytes);
      case 21:
        return Streamed<v1::BackupRequest, v1::BackupResponse>(&A::Backup, *admin_, bytes);
      default:
        return Streamed<v1::ListEventsRequest, v1::Event>(&A::ListEvents, *admin_, bytes);
    }
  }

 private:
  template <typename Stub, typename Request, typename Response>
  static void Unary(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    Stub& stub, Request request, Response& response) {
    Seal(request);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    static_cast<void>((stub.*method)(&context, request, &response));
  }

  template <typename Request, typename Response, typename Stub>
  void Parsed(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
              Stub& stub, std::string_view bytes) {
    Request request;
    if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
    Substitute(request);
    Response response;
    Unary(method, stub, request, response);
  }

  template <typename Request, typename Response, typename Stub>
  void Streamed(std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(grpc::ClientContext*,
                                                                              const Request&),
                Stub& stub, std::string_view bytes) {
    Request request;
    if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
    Substitute(request);
    Seal(request);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience / 10);
    const auto reader = (stub.*method)(&context, request);
    for (Response response; reader->Read(&response);) {
    }
    static_cast<void>(reader->Finish());
  }

  // Messages of one length byte each.
  void Submit(std::string_view bytes) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    v1::SubmitResponse response;
    const auto writer = federation_->Submit(&context, &response);
    std::uint32_t seal = 0;
    while (!bytes.empty()) {
      const std::size_t size =
          std::min<std::size_t>(static_cast<unsigned char>(bytes[0]), bytes.size() - 1);
      v1::SubmitRequest request;
      const bool parsed = request.ParseFromArray(bytes.data() + 1, static_cast<int>(size));
      bytes.remove_prefix(1 + size);
      if (!parsed) continue;
      Substitute(request);
      if (request.has_header()) seal = Seal(*request.mutable_header());
      if (request.has_chunk() && request.chunk().crc32() == kPlaceholder)
        request.mutable_chunk()->set_crc32(Crc32(AsBytes(request.chunk().data()), seal));
      if (!writer->Write(request)) break;
    }
    writer->WritesDone();
    static_cast<void>(writer->Finish());
  }

  void Substitute(Message& message) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) SubstituteField(message, field);
  }

  void SubstituteField(Message& message, const FieldDescriptor* field) {
    const auto* reflection = message.GetReflection();
    if (field->is_repeated()) return;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Substitute(*reflection->MutableMessage(&message, field));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      if (reflection->GetString(message, field) != "@") return;
      const std::string& name = field->name();
      reflection->SetString(&message, field,
                            name == "session"          ? names_.session
                            : name == "client_id"      ? "a"
                            : name.ends_with("digest") ? names_.digest
                                                       : names_.task);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
      if (reflection->GetUInt64(message, field) != kPlaceholder) return;
      reflection->SetUInt64(&message, field, field->name() == "run" ? names_.run : names_.round);
    }
  }

  testing::TempDirectory directory_;
  std::unique_ptr<CoordinatorServer> server_;
  std::unique_ptr<v1::Federation::Stub> federation_;
  std::unique_ptr<v1::Admin::Stub> admin_;
  Names names_;
};

}  // namespace
}  // namespace fedge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto& target = *new fedge::Target();
  target.Prepare();
  std::string_view input(reinterpret_cast<const char*>(data), size);
  for (std::size_t calls = 0; input.size() >= 3 && calls < fedge::kMaxCalls; ++calls) {
    const auto which = static_cast<std::uint8_t>(input[0]);
    const std::size_t wanted = static_cast<unsigned char>(input[1]) +
                               256 * static_cast<std::size_t>(static_cast<unsigned char>(input[2]));
    input.remove_prefix(3);
    const std::string_view request = input.substr(0, wanted);
    input.remove_prefix(request.size());
    target.Call(which, request);
  }
  target.CheckAlive();
  return 0;
}
