#pragma once

#include <string>
#include <string_view>

namespace fedge::testing {

// A TCP connection to a server of this machine, for requests that no decent client would send.
class Connection {
 public:
  // HOST:PORT of an IPv4 loopback address. Fails the program if nobody listens there.
  explicit Connection(const std::string& address);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // False once the other side is gone.
  bool Send(std::string_view bytes);
  // This side has nothing more to say.
  void EndSending();

  // The next response: status line, header fields and as much body as Content-Length says (none for
  // `head`). Empty if the connection ends first.
  std::string ReadResponse(bool head = false);
  // What comes until the other side ends the connection.
  std::string ReadAll();

 private:
  bool Receive();

  int socket_ = -1;
  std::string received_;
};

// The whole of "GET path" on a connection of its own.
std::string Get(const std::string& address, const std::string& path);
// What stands behind the header.
std::string BodyOf(const std::string& response);

}  // namespace fedge::testing
