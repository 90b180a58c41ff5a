#include "fedge/http/server.h"

#include <utility>

#include "fedge/http/listener.h"

namespace fedge::http {

Result<std::unique_ptr<Server>> Server::Start(ListenAddress address, Router router,
                                              ServerOptions options) {
  std::unique_ptr<Server> server(new Server());
  server->listener_ = std::make_shared<Listener>(std::move(router), std::move(options));
  FEDGE_ASSIGN_OR_RETURN(address.port, server->listener_->Listen(address));
  server->address_ = address.ToString();
  server->thread_ = std::thread([listener = server->listener_.get()] { listener->Run(); });
  return server;
}

Server::~Server() { Stop(); }

void Server::Stop() {
  if (!thread_.joinable()) return;
  listener_->RequestStop();
  thread_.join();
}

}  // namespace fedge::http
