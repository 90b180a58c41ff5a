#include "fedge/http/router.h"

#include <utility>

namespace fedge::http {
namespace {

// "GET, HEAD, POST": what may be asked of a path.
template <typename Methods>
std::string Allowed(const Methods& methods) {
  std::string text;
  const auto add = [&text](const std::string& method) {
    if (!text.empty()) text += ", ";
    text += method;
  };
  for (const auto& [method, handler] : methods) {
    add(method);
    if (method == "GET") add("HEAD");
  }
  return text;
}

}  // namespace

Router& Router::Add(const std::string& method, const std::string& path, Handler handler) {
  const bool is_prefix = path.ends_with("/*");
  auto& methods = is_prefix ? below_[path.substr(0, path.size() - 1)] : exact_[path];
  methods[method] = std::move(handler);
  return *this;
}

Router& Router::Add(const std::string& method, const std::string& path,
                    std::function<Response(const Request&)> answer) {
  return Add(method, path,
             Handler([answer = std::move(answer)](const Request& request, Responder responder) {
               std::move(responder)(answer(request));
             }));
}

const Router::Methods* Router::Find(const std::string& path) const {
  if (const auto found = exact_.find(path); found != exact_.end()) return &found->second;
  std::size_t end = path.rfind('/');
  for (; end != std::string::npos; end = end == 0 ? std::string::npos : path.rfind('/', end - 1)) {
    if (const auto found = below_.find(path.substr(0, end + 1)); found != below_.end())
      return &found->second;
  }
  return nullptr;
}

void Router::Handle(Request request, Responder responder) const {
  const Methods* methods = Find(request.path);
  if (methods == nullptr)
    return std::move(responder)({.status = 404, .body = "there is nothing at this path\n"});
  const auto handler = methods->find(request.method == "HEAD" ? "GET" : request.method);
  if (handler == methods->end()) {
    const std::string allowed = Allowed(*methods);
    return std::move(responder)({.status = 405,
                                 .body = "this path takes " + allowed + "\n",
                                 .headers = {{"Allow", allowed}}});
  }
  handler->second(std::move(request), std::move(responder));
}

}  // namespace fedge::http
