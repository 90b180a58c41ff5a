#pragma once

#include <array>
#include <memory>
#include <optional>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

#include "fedge/common/clock.h"
#include "fedge/http/message.h"

namespace fedge::http {

class Listener;

// One connection: reads a request, has it handled, writes the answer, and so on. Runs on the loop's
// thread; `listener` outlives it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Listener& listener, boost::asio::ip::tcp::socket socket);

  void Start();
  // After the answer that is under way, or at once if there is none.
  void FinishSoon();
  void Close();

 private:
  using Body = boost::beast::http::string_body;
  using error_code = boost::beast::error_code;

  void Await(Duration patience);
  void ReadHeader();
  void ReadBody();
  void InviteBody();
  void Dispatch();
  void Refuse(error_code error);
  void Answer(Response response);
  void Written(error_code error);
  // Reads and drops what the client still sends, so that it sees the answer before the end.
  void Linger();
  Responder MakeResponder();

  Listener& listener_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<Body>> parser_;
  std::optional<boost::beast::http::response<Body>> response_;
  std::optional<boost::beast::http::response_serializer<Body>> serializer_;
  boost::beast::http::response<boost::beast::http::empty_body> invitation_;
  std::array<char, 2'048> scratch_{};
  bool idle_ = false;        // between two requests
  bool is_head_ = false;     // of the request under way
  bool keep_alive_ = false;  // after it
  bool lingers_ = false;     // the answer is the last, and the client may still be sending
  std::size_t lingered_bytes_ = 0;
  bool closed_ = false;
};

}  // namespace fedge::http
