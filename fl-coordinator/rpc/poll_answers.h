#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fedge/common/clock.h"
#include "fedge/coordinator/run_machine.h"
#include "fedge/v1/federation.pb.h"

namespace fedge {

struct PollAnswer {
  v1::PollResponse response;
  std::optional<TaskDelivered> delivered;  // the event to apply once the response is on its way
};

// What to tell a client that polls; nullopt: nothing yet, hold the call.
//
// busy_task      what the client says it works on; empty: nothing
// answered_task  the last of its tasks that it got an answer for: it polls again by itself when it
// has seen it
std::optional<PollAnswer> AnswerPoll(const State& state, const ClientId& client,
                                     std::string_view busy_task, std::string_view answered_task);

v1::PollResponse WaitAnswer(Duration retry_after);
v1::PollResponse GoneAnswer(std::string_view reason, Duration retry_after);

}  // namespace fedge
