#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "fedge/scenario/state_text.h"
#include "random_events.h"

namespace fedge::testing {
namespace {

constexpr char kLetters[] = {'I', 'T', 'A', 'C', 'E'};

char Letter(PhaseName phase) { return kLetters[static_cast<std::size_t>(phase)]; }

// Where an event may lead from a phase, as letters; empty: it is refused.
using Table = std::map<std::pair<std::string, char>, std::set<char>>;

std::string Trim(std::string text) {
  text.erase(0, text.find_first_not_of(' '));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

// Reads "//   Tick | I T E | I T A E | A | C E | E" and the like out of run_machine.h.
Table TableInTheHeader() {
  std::ifstream header(std::string(FEDGE_SOURCE_DIR) + "/fl-coordinator/core/run_machine.h");
  Table table;
  for (std::string line; std::getline(header, line);) {
    if (!line.starts_with("//") || line.find('|') == std::string::npos) continue;
    std::istringstream cells(line.substr(2));
    std::string event;
    std::getline(cells, event, '|');
    event = Trim(event);
    if (event == "event") continue;
    for (const char phase : kLetters) {
      std::string cell;
      std::getline(cells, cell, '|');
      auto& targets = table[{event, phase}];
      for (const char c : cell) {
        if (c != ' ' && c != '-') targets.insert(c);
      }
    }
  }
  return table;
}

// What random events were seen to do, over enough of them to meet every case.
Table TableSeen() {
  Table table;
  for (std::uint64_t seed = 1001; seed <= 21'000; ++seed) {
    Simulator simulator(TightLimits(), Simulator::Checks::kNone);
    PlayRandomly(seed, 200, simulator, [&](const Observation& step) {
      auto& targets = table[{EventName(step.event), Letter(step.before)}];
      // A repeated StartRun is OK in every phase, and does nothing.
      const bool repeated =
          std::holds_alternative<StartRun>(step.event) && step.outcome.effects.empty();
      if (step.outcome.status.ok() && !repeated) targets.insert(Letter(step.after));
    });
  }
  return table;
}

std::string Text(const std::set<char>& targets) {
  if (targets.empty()) return "-";
  std::string text;
  for (const char letter : kLetters) {
    if (targets.count(letter) > 0)
      text += text.empty() ? std::string(1, letter) : std::string{' ', letter};
  }
  return text;
}

TEST(TransitionTableTest, HasEveryPairOfEventAndPhase) {
  EXPECT_EQ(TableInTheHeader().size(), std::variant_size_v<Event> * std::variant_size_v<Phase>);
}

TEST(TransitionTableTest, IsWhatTheMachineDoes) {
  const Table expected = TableInTheHeader();
  const Table seen = TableSeen();
  for (const auto& [pair, targets] : expected) {
    const auto it = seen.find(pair);
    ASSERT_NE(it, seen.end()) << pair.first << " in " << pair.second << " was never tried";
    EXPECT_EQ(Text(it->second), Text(targets)) << pair.first << " in " << pair.second;
  }
  EXPECT_EQ(seen.size(), expected.size());
}

}  // namespace
}  // namespace fedge::testing
