#include "fedge/client_rpc/grpc_transport.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "fedge/client_rpc/call_status.h"
#include "fedge/client_rpc/convert.h"
#include "fedge/client_rpc/fetch_stream.h"
#include "fedge/client_rpc/open_calls.h"
#include "fedge/client_rpc/submit_stream.h"
#include "fedge/rpc/seal.h"
#include "fedge/rpc/status.h"
#include "fedge/rpc/transport.h"
#include "fedge/v1/federation.grpc.pb.h"

namespace fedge::client {
namespace {

constexpr std::size_t kClientsPerConnection = 1000;
constexpr std::size_t kMaxConnections = 8;

// Beyond these an answer is not waited for.
constexpr Duration kLeaveLimit{2'000};

std::size_t ConnectionsFor(std::size_t clients) {
  return std::clamp((clients + kClientsPerConnection - 1) / kClientsPerConnection, std::size_t{1},
                    kMaxConnections);
}

}  // namespace

class GrpcTransport::Impl {
 public:
  Impl(const std::string& target, std::vector<Profile> profiles, Mailbox& mailbox,
       const GrpcTransportOptions& options)
      : profiles_(std::move(profiles)), mailbox_(mailbox), patience_(options.patience) {
    const std::size_t connections =
        options.connections != 0 ? options.connections : ConnectionsFor(profiles_.size());
    for (std::size_t i = 0; i < connections; ++i) {
      stubs_.push_back(v1::Federation::NewStub(
          CreateChannel(target, {.credentials = nullptr,
                                 .own_connection = i > 0,
                                 .first_reconnect = options.first_reconnect,
                                 .connect_timeout = options.connect_timeout})));
    }
  }
  ~Impl() { calls_.Close(); }

  void Send(std::size_t client, SendJoin call) {
    Unary<v1::JoinResponse>(
        {client, call.call}, patience_, ToProto(profiles_[client]),
        &v1::Federation::Stub::async_interface::Join,
        [call](Result<v1::JoinResponse> response, Duration retry_after) -> Event {
          if (!response.ok()) return Joined{call.call, response.status(), retry_after};
          return Joined{call.call, FromProto(*response)};
        });
  }

  void Send(std::size_t client, SendPoll call) {
    v1::PollRequest request;
    request.set_session(call.session);
    request.set_busy_task_id(call.busy_task_id);
    Unary<v1::PollResponse>(
        {client, call.call}, call.max_hold + patience_, std::move(request),
        &v1::Federation::Stub::async_interface::Poll,
        [id = call.call](Result<v1::PollResponse> response, Duration retry_after) -> Event {
          if (!response.ok()) return Polled{id, response.status(), retry_after};
          return Polled{id, FromProto(*response)};
        });
  }

  void Send(std::size_t client, SendUploadStatus call) {
    v1::UploadStatusRequest request;
    request.set_session(call.session);
    request.set_task_id(call.task_id);
    request.set_payload_bytes(call.payload_bytes);
    Unary<v1::UploadStatusResponse>(
        {client, call.call}, patience_, std::move(request),
        &v1::Federation::Stub::async_interface::UploadStatus,
        [id = call.call](Result<v1::UploadStatusResponse> response, Duration retry_after) -> Event {
          if (!response.ok()) return UploadChecked{id, response.status(), retry_after};
          return UploadChecked{id,
                               UploadProgress{response->received_bytes(), response->accepted()}};
        });
  }

  void Send(std::size_t client, SendReport call) {
    Unary<v1::ReportResponse>(
        {client, call.call}, patience_, ToProto(call),
        &v1::Federation::Stub::async_interface::Report,
        [id = call.call](Result<v1::ReportResponse> response, Duration retry_after) -> Event {
          return Reported{id, response.status(), retry_after};
        });
  }

  void Send(std::size_t client, SendLeave call) {
    v1::LeaveRequest request;
    request.set_session(call.session);
    Unary<v1::LeaveResponse>(
        {client, call.call}, kLeaveLimit, std::move(request),
        &v1::Federation::Stub::async_interface::Leave,
        [id = call.call](Result<v1::LeaveResponse>, Duration) -> Event { return Left{id}; });
  }

  void Send(std::size_t client, SendSubmit call) {
    const OpenCalls::Key key{client, call.call};
    auto context = std::make_shared<grpc::ClientContext>();
    if (!calls_.Add(key, context)) return;
    context->set_deadline(TransferDeadline(call.update->output.payload.size(), patience_));
    StartSubmit(*StubOf(client).async(), *context, std::move(call), [this, key](Event event) {
      mailbox_.Post(SessionEvent{key.first, std::move(event)});
      calls_.Remove(key);
    });
  }

  void Fetch(const std::string& session, std::unique_ptr<ModelDownload> download) {
    const OpenCalls::Key key{OpenCalls::kFetch, ++num_fetches_};
    auto context = std::make_shared<grpc::ClientContext>();
    if (!calls_.Add(key, context)) return;
    context->set_deadline(TransferDeadline(download->model().size, patience_));
    StartFetch(*StubOf(0).async(), *context, session, std::move(download),
               [this, key](FetchEnded ended) {
                 mailbox_.Post(std::move(ended));
                 calls_.Remove(key);
               });
  }

  void Cancel(std::size_t client, CallId call) { calls_.Cancel({client, call}); }

 private:
  using Async = v1::Federation::Stub::async_interface;

  template <typename Request, typename Response>
  using Method = void (Async::*)(grpc::ClientContext*, const Request*, Response*,
                                 std::function<void(grpc::Status)>);

  // Begins a call whose end `to_event` turns into what the session is told.
  template <typename Response, typename Request, typename ToEvent>
  void Unary(OpenCalls::Key key, Duration limit, Request request, Method<Request, Response> method,
             ToEvent to_event) {
    struct Exchange {
      grpc::ClientContext context;
      Request request;
      Response response;
    };
    auto exchange = std::make_shared<Exchange>();
    exchange->request = std::move(request);
    Seal(exchange->request);
    exchange->context.set_deadline(std::chrono::system_clock::now() + limit);
    if (!calls_.Add(key, {exchange, &exchange->context})) return;
    (StubOf(key.first).async()->*method)(
        &exchange->context, &exchange->request, &exchange->response,
        [this, key, exchange, to_event](const grpc::Status& grpc_status) mutable {
          Status status = FromCall(grpc_status);
          if (status.ok() && !AnswerSealHolds(exchange->response, exchange->request.crc32()))
            status = DamagedAnswer();
          Event event = status.ok() ? to_event(std::move(exchange->response), Duration::zero())
                                    : to_event(status, RetryAfter(grpc_status));
          exchange.reset();
          mailbox_.Post(SessionEvent{key.first, std::move(event)});
          calls_.Remove(key);
        });
  }

  v1::Federation::Stub& StubOf(std::size_t client) { return *stubs_[client % stubs_.size()]; }

  std::vector<Profile> profiles_;
  Mailbox& mailbox_;
  const Duration patience_;
  std::vector<std::unique_ptr<v1::Federation::Stub>> stubs_;
  OpenCalls calls_;
  CallId num_fetches_ = 0;
};

GrpcTransport::GrpcTransport(const std::string& target, std::vector<Profile> profiles,
                             Mailbox& mailbox, GrpcTransportOptions options)
    : impl_(std::make_unique<Impl>(target, std::move(profiles), mailbox, options)) {}

GrpcTransport::~GrpcTransport() = default;

void GrpcTransport::Send(std::size_t client, Call call) {
  std::visit([&](auto&& c) { impl_->Send(client, std::forward<decltype(c)>(c)); }, std::move(call));
}

void GrpcTransport::Cancel(std::size_t client, CallId call) { impl_->Cancel(client, call); }

void GrpcTransport::Fetch(const std::string& session, std::unique_ptr<ModelDownload> download) {
  impl_->Fetch(session, std::move(download));
}

}  // namespace fedge::client
