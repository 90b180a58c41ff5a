#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/scenario/script.h"

namespace fedge::testing {
namespace {

std::filesystem::path Folder() {
  return std::filesystem::path(FEDGE_SOURCE_DIR) / "tests" / "scenario";
}

std::vector<std::string> Scenarios() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(Folder())) {
    if (entry.path().extension() == ".round") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// The file as it should be: its comments and commands, each followed by what the machine does.
std::string Play(const std::string& file) {
  Script script;
  std::istringstream lines(file);
  std::string transcript;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) continue;  // the transcript so far
    transcript += line + "\n";
    if (line.empty() || line.starts_with("#")) continue;
    for (const std::string& output : script.Run(line)) transcript += "  " + output + "\n";
  }
  return transcript;
}

class ScenarioTest : public ::testing::TestWithParam<std::string> {};

// A file is its own expectation. With FEDGE_REWRITE_SCENARIOS set the files are written anew: read
// the difference before it is committed.
TEST_P(ScenarioTest, GoesAsWritten) {
  const std::filesystem::path path = Folder() / (GetParam() + ".round");
  const std::string expected = ReadAll(path);
  const std::string actual = Play(expected);
  if (std::getenv("FEDGE_REWRITE_SCENARIOS") != nullptr) {
    std::ofstream(path) << actual;
  } else {
    EXPECT_EQ(actual, expected);
  }
  EXPECT_EQ(actual.find("\n  error"), std::string::npos) << "a command could not be read";
}

INSTANTIATE_TEST_SUITE_P(Rounds, ScenarioTest, ::testing::ValuesIn(Scenarios()),
                         [](const auto& scenario) {
                           std::string name = scenario.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ScenarioFilesTest, EveryScenarioIsFound) { EXPECT_GE(Scenarios().size(), 12U); }

}  // namespace
}  // namespace fedge::testing
