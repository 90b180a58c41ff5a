#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fedge/common/result.h"

namespace fedge {

// Where a server listens.
struct ListenAddress {
  std::string host;        // without brackets
  std::uint16_t port = 0;  // 0: any free one

  // "127.0.0.1:8470", "[::1]:8470".
  std::string ToString() const;
  // kInvalidArgument says what is wrong with `text`.
  static Result<ListenAddress> Parse(std::string_view text);
};

// OK if a client can be told to connect there: HOST:PORT as above with a port of its own, or
// unix:PATH. kInvalidArgument says what is wrong with `text`.
Status CheckConnectAddress(std::string_view text);

// Why this address cannot be listened on, found out by trying: in use, not ours, not allowed. OK if
// it could be. `remedy` says what to do about one that is in use: "stop it or ...".
Status DiagnoseListen(const ListenAddress& address, std::string_view remedy);

}  // namespace fedge
