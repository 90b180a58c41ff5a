#include "fedge/common/listen_address.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

namespace fedge {
namespace {

Status TryToBind(const addrinfo& info, const std::string& name, std::string_view remedy) {
  const int descriptor =
      ::socket(info.ai_family, info.ai_socktype | SOCK_CLOEXEC, info.ai_protocol);
  if (descriptor < 0) return Unavailable("cannot listen on {}: {}", name, std::strerror(errno));
  const int yes = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  int error = 0;
  if (::bind(descriptor, info.ai_addr, info.ai_addrlen) != 0 || ::listen(descriptor, 1) != 0)
    error = errno;
  ::close(descriptor);
  if (error == 0) return OkStatus();
  if (error == EADDRINUSE) {
    return Unavailable("{} is in use by another program; {}", name, remedy);
  }
  return Unavailable("cannot listen on {}: {}", name, std::strerror(error));
}

}  // namespace

std::string ListenAddress::ToString() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Result<ListenAddress> ListenAddress::Parse(std::string_view text) {
  const Status malformed = InvalidArgument(
      "'{}' is no address; write HOST:PORT, such as 127.0.0.1:8470 or [::1]:8470", text);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return malformed;
  ListenAddress address;
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return malformed;
  }
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (host.empty() || port.empty() || error != std::errc() || end != port.data() + port.size())
    return malformed;
  address.host = std::string(host);
  return address;
}

Status CheckConnectAddress(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix) && text.size() > kUnix.size()) return OkStatus();
  const Result<ListenAddress> address = ListenAddress::Parse(text);
  const bool named = address.ok() && address->host.find_first_of(" \t/") == std::string::npos;
  if (named && address->port != 0) return OkStatus();
  return InvalidArgument(
      "'{}' is no address; it is HOST:PORT, such as 127.0.0.1:8470 or [::1]:8470, or unix:PATH",
      text);
}

Status DiagnoseListen(const ListenAddress& address, std::string_view remedy) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string name = address.ToString();
  if (const int error =
          ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
      error != 0) {
    return Unavailable("cannot listen on {}: {}", name, ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> infos(found, ::freeaddrinfo);
  for (const addrinfo* info = infos.get(); info != nullptr; info = info->ai_next) {
    FEDGE_RETURN_IF_ERROR(TryToBind(*info, name, remedy));
  }
  return OkStatus();
}

}  // namespace fedge
