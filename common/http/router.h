#pragma once

#include <functional>
#include <map>
#include <string>

#include "fedge/http/message.h"

namespace fedge::http {

// Runs on the server's event loop: it must not block. What takes longer moves the responder to a
// thread of its own.
using Handler = std::function<void(Request, Responder)>;

// Which handler gets which request. Thread-compatible; a server keeps a copy.
class Router {
 public:
  // `path` is matched as it is written, or, where it ends in "/*", by everything that begins like
  // it; the longest match wins. A GET handler answers HEAD as well: the server leaves the body out.
  Router& Add(const std::string& method, const std::string& path, Handler handler);
  // For an answer that is there at once.
  Router& Add(const std::string& method, const std::string& path,
              std::function<Response(const Request&)> answer);

  // Answers 404 for a path that nobody handles, and 405 for another method of one that somebody
  // does.
  void Handle(Request request, Responder responder) const;

 private:
  using Methods = std::map<std::string, Handler>;
  const Methods* Find(const std::string& path) const;

  std::map<std::string, Methods> exact_;
  std::map<std::string, Methods> below_;  // by the prefix, which ends in '/'
};

}  // namespace fedge::http
