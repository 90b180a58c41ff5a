#include "fedge/http/message.h"

#include <algorithm>

#include <strings.h>

namespace fedge::http {

std::string_view Request::FindHeader(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [name](const Header& header) {
    return header.name.size() == name.size() &&
           ::strncasecmp(header.name.data(), name.data(), name.size()) == 0;
  });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

Responder::~Responder() {
  if (send_) send_({.status = 500, .body = "the request was dropped\n"});
}

}  // namespace fedge::http
