#include "fedge/http/listener.h"

#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include "fedge/http/session.h"

namespace fedge::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 26\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    "too many connections here\n";

// Says so as far as that takes no waiting.
void TurnAway(tcp::socket socket) {
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.send(asio::buffer(kFull), 0, ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace

Listener::Listener(Router router, ServerOptions options)
    : router_(std::move(router)), options_(std::move(options)) {}

Listener::~Listener() = default;

Result<std::uint16_t> Listener::Listen(const ListenAddress& address) {
  error_code error;
  const auto found = tcp::resolver(loop_).resolve(address.host, std::to_string(address.port),
                                                  tcp::resolver::passive, error);
  if (!error) {
    const tcp::endpoint endpoint = *found.begin();
    acceptor_.open(endpoint.protocol(), error);
    // An address whose last connections are still ending is free.
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  }
  if (!error) {
    Accept();
    return acceptor_.local_endpoint().port();
  }
  FEDGE_RETURN_IF_ERROR(DiagnoseListen(address, options_.in_use_remedy));
  return Unavailable("cannot listen on {}: {}", address.ToString(), error.message());
}

void Listener::Run() {
  loop_.run();
  const std::lock_guard lock(mutex_);
  ended_ = true;
}

void Listener::RequestStop() {
  Post([this] { Stop(); });
}

void Listener::Post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (!ended_) asio::post(loop_, std::move(work));
}

void Listener::Ended(const std::shared_ptr<Session>& session) {
  sessions_.erase(session);
  EndIfIdle();
}

void Listener::Accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (stopping_) return;
    if (!error) {
      Take(std::move(socket));
      return Accept();
    }
    // Out of descriptors, most likely: some may be free soon.
    timer_.expires_after(Duration(100));
    timer_.async_wait([this](error_code cancelled) {
      if (!cancelled && !stopping_) Accept();
    });
  });
}

void Listener::Take(tcp::socket socket) {
  if (sessions_.size() >= options_.max_connections) return TurnAway(std::move(socket));
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const auto session = std::make_shared<Session>(*this, std::move(socket));
  sessions_.insert(session);
  session->Start();
}

void Listener::Stop() {
  if (stopping_) return;
  stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  // A session that ends takes itself out of the set.
  for (const auto& session : std::unordered_set(sessions_)) session->FinishSoon();
  timer_.expires_after(options_.stop_grace);
  timer_.async_wait([this](error_code cancelled) {
    if (cancelled) return;
    for (const auto& session : std::unordered_set(sessions_)) session->Close();
  });
  EndIfIdle();
}

void Listener::EndIfIdle() {
  if (stopping_ && sessions_.empty()) timer_.cancel();
}

}  // namespace fedge::http
