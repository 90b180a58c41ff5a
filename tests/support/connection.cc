#include "fedge/testing/connection.h"

#include <array>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fedge/common/check.h"

namespace fedge::testing {

Connection::Connection(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  FEDGE_CHECK(::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) == 1);
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  FEDGE_CHECK(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
}

Connection::~Connection() { ::close(socket_); }

bool Connection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Connection::EndSending() { ::shutdown(socket_, SHUT_WR); }

bool Connection::Receive() {
  std::array<char, 4'096> bytes{};
  const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  received_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::string Connection::ReadResponse(bool head) {
  std::size_t end = std::string::npos;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!Receive()) return "";
  }
  std::size_t size = end + 4;
  const std::size_t length = received_.find("Content-Length: ");
  if (!head && length < end) size += std::strtoul(received_.c_str() + length + 16, nullptr, 10);
  while (received_.size() < size) {
    if (!Receive()) return "";
  }
  std::string response = received_.substr(0, size);
  received_.erase(0, size);
  return response;
}

std::string Connection::ReadAll() {
  while (Receive()) {
  }
  return std::move(received_);
}

std::string Get(const std::string& address, const std::string& path) {
  Connection connection(address);
  connection.Send("GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  return connection.ReadResponse();
}

std::string BodyOf(const std::string& response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

}  // namespace fedge::testing
