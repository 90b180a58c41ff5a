#include "fedge/fedctl/round_pages.h"

#include <algorithm>

namespace fedge::fedctl {
namespace {

constexpr std::uint32_t kPage = 1'000;  // a coordinator gives no more at once

}  // namespace

Result<v1::ListRoundsResponse> ListAllRounds(AdminClient& client, v1::ListRoundsRequest request) {
  const auto wanted = static_cast<int>(request.limit());
  v1::ListRoundsResponse rounds;
  while (true) {
    const int missing = wanted == 0 ? static_cast<int>(kPage) : wanted - rounds.rounds_size();
    request.set_limit(std::min(kPage, static_cast<std::uint32_t>(missing)));
    FEDGE_ASSIGN_OR_RETURN(const v1::ListRoundsResponse page, client.ListRounds(request));
    rounds.MergeFrom(page);
    const bool last = page.rounds_size() < static_cast<int>(request.limit());
    if (last || rounds.rounds_size() == wanted) return rounds;
    request.set_before_round(page.rounds(page.rounds_size() - 1).round());
  }
}

Result<std::vector<v1::RoundSummary>> RoundsOf(AdminClient& client, std::uint64_t run) {
  v1::ListRoundsRequest request;
  request.set_run(run);
  FEDGE_ASSIGN_OR_RETURN(const v1::ListRoundsResponse rounds,
                         ListAllRounds(client, std::move(request)));
  if (run != 0 && rounds.rounds_size() == 0) return NotFound("there are no rounds of run {}", run);
  return std::vector<v1::RoundSummary>(rounds.rounds().rbegin(), rounds.rounds().rend());
}

}  // namespace fedge::fedctl
