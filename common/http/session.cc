#include "fedge/http/session.h"

#include <algorithm>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "fedge/http/listener.h"

namespace fedge::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

constexpr std::size_t kFirstBytes = 1'024;
// A client that has been told off may still be sending: for how long, and how much, it is listened
// to, so that it gets to see the answer.
constexpr Duration kLingerTime{1'000};
constexpr std::size_t kLingerBytes = 256u << 10;

std::string Text(beast::string_view text) { return {text.data(), text.size()}; }

Request ToRequest(bhttp::request<bhttp::string_body>&& message) {
  Request request;
  request.method = Text(message.method_string());
  const std::string target = Text(message.target());
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  for (const auto& field : message)
    request.headers.push_back({Text(field.name_string()), Text(field.value())});
  request.body = std::move(message.body());
  return request;
}

Response Refusal(beast::error_code error, const ServerOptions& options) {
  if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) {
    return {.status = 431,
            .body = fmt::format("the request's header has more than {} bytes\n",
                                options.max_header_bytes)};
  }
  if (error == bhttp::error::body_limit) {
    return {
        .status = 413,
        .body = fmt::format("the request's body has more than {} bytes\n", options.max_body_bytes)};
  }
  if (error == bhttp::error::bad_version)
    return {.status = 505, .body = "only HTTP/1.0 and HTTP/1.1 are spoken here\n"};
  return {.status = 400, .body = "this is no well-formed request: " + error.message() + "\n"};
}

bool IsMalformed(beast::error_code error) {
  return error.category() == bhttp::make_error_code(bhttp::error::bad_method).category() &&
         error != bhttp::error::end_of_stream && error != bhttp::error::partial_message;
}

}  // namespace

Session::Session(Listener& listener, asio::ip::tcp::socket socket)
    : listener_(listener),
      stream_(std::move(socket)),
      buffer_(listener.options().max_header_bytes + kFirstBytes) {}

// A new connection is there to ask something.
void Session::Start() { Await(listener_.options().request_timeout); }

void Session::FinishSoon() {
  keep_alive_ = false;
  if (idle_) Close();
}

void Session::Close() {
  if (std::exchange(closed_, true)) return;
  stream_.close();
  listener_.Ended(shared_from_this());
}

void Session::Await(Duration patience) {
  if (buffer_.size() > 0) return ReadHeader();
  buffer_.shrink_to_fit();
  idle_ = true;
  stream_.expires_after(patience);
  stream_.async_read_some(buffer_.prepare(kFirstBytes),
                          [self = shared_from_this()](error_code error, std::size_t bytes) {
                            self->idle_ = false;
                            if (error) return self->Close();
                            self->buffer_.commit(bytes);
                            self->ReadHeader();
                          });
}

void Session::ReadHeader() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(listener_.options().max_header_bytes));
  parser_->body_limit(listener_.options().max_body_bytes);
  stream_.expires_after(listener_.options().request_timeout);
  bhttp::async_read_header(
      stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
        if (error) return self->Refuse(error);
        const auto expected = self->parser_->get()[bhttp::field::expect];
        beast::iequals(expected, "100-continue") ? self->InviteBody() : self->ReadBody();
      });
}

void Session::InviteBody() {
  invitation_ = {bhttp::status::continue_, 11};
  bhttp::async_write(stream_, invitation_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       error ? self->Close() : self->ReadBody();
                     });
}

void Session::ReadBody() {
  bhttp::async_read(stream_, buffer_, *parser_,
                    [self = shared_from_this()](error_code error, std::size_t) {
                      error ? self->Refuse(error) : self->Dispatch();
                    });
}

void Session::Dispatch() {
  stream_.expires_never();
  keep_alive_ = parser_->keep_alive() && !listener_.stopping();
  Request request = ToRequest(parser_->release());
  parser_.reset();
  is_head_ = request.method == "HEAD";
  listener_.router().Handle(std::move(request), MakeResponder());
}

Responder Session::MakeResponder() {
  return Responder([listener = listener_.weak_from_this(),
                    session = weak_from_this()](Response response) mutable {
    const auto loop = listener.lock();
    if (loop == nullptr) return;
    // std::function copies; the response is moved on by way of a pointer.
    auto shared = std::make_shared<Response>(std::move(response));
    loop->Post([session = std::move(session), shared = std::move(shared)] {
      if (const auto self = session.lock(); self && !self->closed_)
        self->Answer(std::move(*shared));
    });
  });
}

void Session::Refuse(error_code error) {
  // Too slow, or gone: there is nobody to tell.
  if (!IsMalformed(error)) return Close();
  keep_alive_ = false;
  lingers_ = true;
  is_head_ = false;
  Answer(Refusal(error, listener_.options()));
}

void Session::Answer(Response response) {
  response_.emplace(static_cast<bhttp::status>(response.status), 11);
  response_->set(bhttp::field::content_type, response.content_type);
  for (const Header& header : response.headers) response_->insert(header.name, header.value);
  response_->content_length(response.body.size());
  response_->keep_alive(keep_alive_);
  response_->body() = std::move(response.body);
  serializer_.emplace(*response_);
  stream_.expires_after(listener_.options().answer_timeout);
  auto written = [self = shared_from_this()](error_code error, std::size_t) {
    self->Written(error);
  };
  if (is_head_) {
    bhttp::async_write_header(stream_, *serializer_, std::move(written));
  } else {
    bhttp::async_write(stream_, *serializer_, std::move(written));
  }
}

void Session::Written(error_code error) {
  serializer_.reset();
  response_.reset();
  if (error) return Close();
  if (keep_alive_) return Await(listener_.options().idle_timeout);
  if (!lingers_) return Close();
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
  stream_.expires_after(kLingerTime);
  Linger();
}

void Session::Linger() {
  stream_.async_read_some(asio::buffer(scratch_),
                          [self = shared_from_this()](error_code error, std::size_t bytes) {
                            self->lingered_bytes_ += bytes;
                            const bool enough = self->lingered_bytes_ > kLingerBytes;
                            error || enough ? self->Close() : self->Linger();
                          });
}

}  // namespace fedge::http
