#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <thread>

#include "fedge/common/clock.h"
#include "fedge/common/listen_address.h"
#include "fedge/common/result.h"
#include "fedge/http/router.h"

namespace fedge::http {

struct ServerOptions {
  // Ends the message about an address that is in use.
  std::string in_use_remedy = "stop it or choose another address";

  std::size_t max_header_bytes = 8u << 10;  // beyond it: 431
  std::size_t max_body_bytes = 64u << 10;   // beyond it: 413
  std::size_t max_connections = 256;        // beyond it: 503
  Duration request_timeout{10'000};  // from a request's first byte to its last; then it is cut off
  Duration answer_timeout{30'000};   // for a reader to take an answer
  Duration idle_timeout{120'000};    // between two requests
  Duration stop_grace{500};          // for what is under way when the server stops
};

// HTTP/1.1 on one event-loop thread of its own: keep-alive, pipelining, HEAD, "Expect:
// 100-continue". An idle connection costs about a kilobyte and no thread. Thread-safe.
class Server {
 public:
  // Listens on return. kUnavailable names the address and what is wrong with it.
  static Result<std::unique_ptr<Server>> Start(ListenAddress address, Router router,
                                               ServerOptions options = {});
  // Stop().
  ~Server();

  // HOST:PORT, with the port that was found if any free one was asked for.
  const std::string& address() const { return address_; }
  // Takes no more requests; answers under way have stop_grace to end. Returns when the thread has.
  void Stop();

 private:
  Server() = default;

  std::string address_;
  std::shared_ptr<class Listener> listener_;
  std::thread thread_;
};

}  // namespace fedge::http
