#pragma once

#include <string>

#include <gtest/gtest.h>

#include "harness.h"

namespace fedge::testing {

// Old rounds, other clients' tasks, unknown sessions: none of them changes or keeps anything.
inline void SendStaleMessages(Harness& harness, int count) {
  const auto a = harness.Join("a");
  harness.StartRun(1, 2);
  const std::string payload = harness.Payload({1, 1, 1, 1}, {1, 1});
  const v1::TrainTask first = a->Poll().train();
  EXPECT_EQ(a->Submit(first, payload).outcome(), v1::SubmitResponse::ACCEPTED);
  const v1::TrainTask second = a->Poll().train();
  const auto events = harness.Events().size();
  for (int i = 0; i < count; ++i) {
    v1::TrainTask stale = first;
    stale.set_round(first.round() + static_cast<std::uint64_t>(i) % 3 * 1'000);
    v1::SubmitResponse response;
    a->Submit(a->MakeUpload(stale, payload), response);
    a->ReportFailure(first.task_id(), "stale");
    a->ReportFailure("nonsense", "stale");
  }
  // A stream is let go a moment after its answer.
  for (std::size_t streams = 1; streams > 0;) {
    harness.OnActor([&](Actor& actor) {
      streams = actor.transfers().size() + actor.uploads().permits().taken();
    });
  }
  EXPECT_LE(harness.Events().size(), events + static_cast<std::size_t>(count));
  EXPECT_EQ(a->Submit(second, payload).outcome(), v1::SubmitResponse::ACCEPTED);
  harness.WaitForPhase(v1::COMPLETED);
}

}  // namespace fedge::testing
