#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fedge::http {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method;           // "GET"
  std::string path;             // as sent, without the query
  std::string query;            // what stands behind '?'
  std::vector<Header> headers;  // in the order of the request
  std::string body;

  // The first of this name, in whatever case; empty if there is none.
  std::string_view FindHeader(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  std::vector<Header> headers{};  // besides Content-Type, Content-Length and Connection
};

// The right to answer one request: once, from any thread, also after the server has stopped. One
// that is dropped unused answers 500. A move-only value.
class Responder {
 public:
  using Send = std::function<void(Response)>;
  explicit Responder(Send send) : send_(std::move(send)) {}
  Responder(Responder&& other) noexcept : send_(std::exchange(other.send_, nullptr)) {}
  Responder& operator=(Responder&& other) noexcept {
    std::swap(send_, other.send_);
    return *this;
  }
  ~Responder();

  void operator()(Response response) && { std::exchange(send_, nullptr)(std::move(response)); }

 private:
  Send send_;
};

}  // namespace fedge::http
