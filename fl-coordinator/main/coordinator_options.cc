#include "coordinator_options.h"

#include <string_view>
#include <vector>

#include <fmt/ranges.h>

#include "fedge/rpc/transport.h"

namespace fedge {

namespace {

constexpr std::string_view kHttpOff = "off";

void CheckAddress(std::string_view option, const std::string& text, bool insecure,
                  std::vector<std::string>& problems) {
  const Result<ListenAddress> address = ListenAddress::Parse(text);
  if (!address.ok()) {
    problems.push_back(fmt::format("{}: {}", option, address.status().message()));
  } else if (!insecure && !IsLoopback(address->ToString())) {
    problems.push_back(
        fmt::format("{} {} would take connections from other machines without encryption or "
                    "authentication; "
                    "listen on 127.0.0.1, or add --insecure on a network that you trust",
                    option, text));
  }
}

}  // namespace

Status CoordinatorOptions::Validate() const {
  std::vector<std::string> problems;
  if (state_dir.empty())
    problems.emplace_back("--state-dir is missing: name a folder for everything that must last");
  CheckAddress("--listen", listen, insecure, problems);
  if (http != kHttpOff) CheckAddress("--http", http, insecure, problems);
  if (problems.empty()) return OkStatus();
  return InvalidArgument("{}", fmt::join(problems, "; "));
}

ServerOptions CoordinatorOptions::ToServerOptions() const {
  ServerOptions options;
  options.state_dir = state_dir;
  options.model = model;
  options.listen = ListenAddress::Parse(listen).value();
  if (http != kHttpOff) options.http = ListenAddress::Parse(http).value();
  options.restore = restore;
  options.store.keep_tasks = keep_history;
  options.runtime.keep_rounds = keep_rounds;
  if (from_round) options.runtime.from_round = static_cast<RoundId>(*from_round);
  options.runtime.limits.max_weight = max_weight;
  options.runtime.max_update_norm = max_update_norm;
  options.runtime.max_uploads = max_uploads;
  options.runtime.spool_limit = spool_limit;
  options.runtime.min_free_bytes = min_free;
  options.runtime.transfer_stall = transfer_stall;
  options.runtime.max_sessions = max_sessions;
  options.runtime.limits.join_grace = join_grace;
  return options;
}

}  // namespace fedge
