#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "fedge/common/result.h"
#include "fedge/http/router.h"
#include "fedge/http/server.h"

namespace fedge::http {

class Session;

// The event loop, its acceptor and its connections. What is not marked thread-safe runs on the
// loop's thread.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(Router router, ServerOptions options);
  ~Listener();

  // The port. Before Run.
  Result<std::uint16_t> Listen(const ListenAddress& address);
  // The loop; returns once it was stopped and no connection is left.
  void Run();
  // Thread-safe.
  void RequestStop();
  // Thread-safe: runs `work` on the loop, or drops it when the loop has ended.
  void Post(std::function<void()> work);

  // ---- For sessions ----
  const ServerOptions& options() const { return options_; }
  const Router& router() const { return router_; }
  bool stopping() const { return stopping_; }
  void Ended(const std::shared_ptr<Session>& session);

 private:
  void Accept();
  void Take(boost::asio::ip::tcp::socket socket);
  void Stop();
  void EndIfIdle();

  const Router router_;
  const ServerOptions options_;
  boost::asio::io_context loop_{1};
  boost::asio::ip::tcp::acceptor acceptor_{loop_};
  boost::asio::steady_timer timer_{loop_};  // of a pause after a failed accept; of the end
  std::unordered_set<std::shared_ptr<Session>> sessions_;
  bool stopping_ = false;

  std::mutex mutex_;
  bool ended_ = false;  // guarded by mutex_: nothing is posted any more
};

}  // namespace fedge::http
