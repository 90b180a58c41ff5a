#include <sstream>

#include <gtest/gtest.h>

#include "cluster.h"

namespace fedge::testing {
namespace {

// The demo's promise: 50 clients, 10 rounds, 5 local epochs at learning rate 0.3 reach 93 % on what
// no client has seen.
class SeedsE2eTest : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Seeds, SeedsE2eTest, ::testing::Range(1, 6));

TEST_P(SeedsE2eTest, TheDemoReachesItsAccuracy) {
  const TempDirectory folder;
  const Finished run =
      RunProgram({ProgramPath("fedctl"), "start-round", "--local", "--clients", "50", "--rounds",
                  "10", "--epochs", "5", "--batch-size", "4", "--lr", "0.3", "--seed",
                  std::to_string(GetParam()), "-o", folder.File("global.pt"), "--json"},
                 {.folder = folder.path(), .name = "fedctl"});
  ASSERT_EQ(run.status, 0) << run.err;
  // One document a line: a round each, then the run.
  std::istringstream lines(run.out);
  double accuracy = 0;
  int num_rounds = 0;
  for (std::string line; std::getline(lines, line);) {
    rapidjson::Document document;
    document.Parse(line.c_str());
    ASSERT_TRUE(document.IsObject()) << line;
    if (std::string(document["type"].GetString()) != "round") continue;
    ++num_rounds;
    ASSERT_TRUE(document["evaluation"].IsObject()) << line;
    accuracy = document["evaluation"]["accuracy"].GetDouble();
  }
  EXPECT_EQ(num_rounds, 10);
  EXPECT_GE(accuracy, 0.93);
}

}  // namespace
}  // namespace fedge::testing
