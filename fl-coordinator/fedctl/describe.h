#pragma once

#include <cstddef>
#include <string>

#include "fedge/common/clock.h"
#include "fedge/v1/admin.pb.h"

// Answers of the administration service as text for a person. `width` is that of the terminal, 0
// for a file or a pipe.
namespace fedge::fedctl {

std::string StatusText(const v1::CoordinatorStatus& status, TimePoint now);
std::string RoundsText(const v1::ListRoundsResponse& rounds, std::size_t width);
std::string RoundText(const v1::GetRoundResponse& response, std::size_t width);
std::string ClientsText(const v1::ListClientsResponse& clients, std::size_t width, TimePoint now);
std::string ClientText(const v1::GetClientResponse& response, std::size_t width, TimePoint now);

}  // namespace fedge::fedctl
