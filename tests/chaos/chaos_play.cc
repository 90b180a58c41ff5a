#include "chaos_play.h"

#include <algorithm>
#include <cstdio>
#include <deque>

#include <gtest/gtest.h>

namespace fedge::testing {
namespace {

void ExpectTheSame(ChaosRun& run, int rounds, const Undisturbed& undisturbed) {
  ASSERT_EQ(run.WaitForEnd(), "");
  EXPECT_TRUE(run.global_model() == undisturbed.model) << "the final model has other bytes";
  EXPECT_EQ(run.CountAccepted(), static_cast<std::uint64_t>(rounds * ChaosRun::kClients));
  const auto begun = run.TasksBegun();
  EXPECT_EQ(begun.size(), static_cast<std::size_t>(rounds * ChaosRun::kClients));
  for (const auto& [task, times] : begun) EXPECT_EQ(times, 1) << task << " was trained again";
}

}  // namespace

Undisturbed PlayUndisturbed(int rounds) {
  ChaosRun run(rounds);
  run.Play({});
  EXPECT_EQ(run.WaitForEnd(), "");
  Undisturbed undisturbed{.model = run.global_model(), .passed = {}};
  undisturbed.passed = run.StopAndCount();
  return undisturbed;
}

std::map<std::string, std::uint64_t> PointsOfARestart(int rounds) {
  ChaosRun run(rounds);
  run.Play({{.point = "wal.sync.after", .pass = 2}});
  EXPECT_EQ(run.WaitForEnd(), "");
  return run.StopAndCount();
}

void PlayAtCreation(const Death& death, const Undisturbed& undisturbed, int rounds) {
  ChaosRun run(rounds);
  const bool died = run.DieAtCreation(death);
  run.Play({});
  ExpectTheSame(run, rounds, undisturbed);
  std::printf("  %-44s %s\n", ("at creation: " + death.Describe()).c_str(),
              died ? "began again, same bytes" : "lived");
}

void PlayAll(const std::vector<Death>& deaths, int rounds, std::size_t deaths_per_run) {
  const Undisturbed undisturbed = PlayUndisturbed(rounds);
  std::deque<Death> todo(deaths.begin(), deaths.end());
  std::size_t num_died = 0;
  int num_missed = 0;
  for (int runs = 0; !todo.empty(); ++runs) {
    const std::size_t count = std::min(deaths_per_run, todo.size());
    const std::vector<Death> batch(todo.begin(), todo.begin() + static_cast<std::ptrdiff_t>(count));
    todo.erase(todo.begin(), todo.begin() + static_cast<std::ptrdiff_t>(count));
    ChaosRun run(rounds);
    const std::vector<Death> missed = run.Play(batch);
    ExpectTheSame(run, rounds, undisturbed);
    for (const Death& death : batch) {
      const bool came = std::none_of(missed.begin(), missed.end(), [&](const Death& other) {
        return other.Describe() == death.Describe();
      });
      std::printf("  %-44s %s\n", death.Describe().c_str(),
                  !came                           ? "the run ended before"
                  : ::testing::Test::HasFailure() ? "FAILED, in this run"
                                                  : "went on, same bytes");
      num_died += came ? 1 : 0;
      num_missed += came ? 0 : 1;
    }
    if (::testing::Test::HasFailure()) return;
  }
  std::printf("  %zu deaths came about, %d did not\n", num_died, num_missed);
  EXPECT_GE(num_died, deaths.size() * 3 / 4);
}

}  // namespace fedge::testing
