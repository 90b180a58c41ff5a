#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "demo_app.h"
#include "fedge/testing/temp_directory.h"

namespace fedge::cli {
namespace {

using ::testing::HasSubstr;

bool Installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

// What a shell command writes.
std::string Capture(const std::string& command) {
  std::string out;
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return "popen failed";
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out += static_cast<char>(c);
  const int status = ::pclose(pipe);
  return status == 0 ? out : out + "\nexit status " + std::to_string(status);
}

class GeneratedTest : public ::testing::Test {
 protected:
  std::string Generate(const std::string& what) {
    const std::string path = folder_.File("generated");
    std::ofstream(path) << demo_.Parse({"--generate", what}).out;
    return path;
  }
  // What bash offers for the last of the words.
  std::string Complete(const std::string& words) {
    return Capture("bash -c 'source " + Generate("bash") + "; compopt() { :; }; COMP_WORDS=(" +
                   words +
                   "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _demo; echo \"${COMPREPLY[@]}\"'");
  }

  DemoApp demo_;
  testing::TempDirectory folder_;
};

TEST_F(GeneratedTest, BashCompletesCommandsFlagsAndChoices) {
  EXPECT_EQ(Complete("demo st"), "start-round\n");
  EXPECT_EQ(Complete("demo files \"\""), "show\n");
  EXPECT_EQ(Complete("demo start-round --cl"), "--clients\n");
  EXPECT_EQ(Complete("demo start-round --opt"), "--optimizer\n");
  EXPECT_EQ(Complete("demo start-round --optimizer \"\""), "sgd adam\n");
  EXPECT_EQ(Complete("demo start-round --optimizer = a"), "adam\n");
  EXPECT_EQ(Complete("demo start-round --where si"), "site=eu\n");
  EXPECT_EQ(Complete("demo start-round --clients \"\""), "\n");
  EXPECT_EQ(Complete("demo start-round --lis"), "--listen\n");
  EXPECT_THAT(Complete("demo files show /e"), HasSubstr("/etc"));
}

TEST_F(GeneratedTest, ZshAcceptsTheCompletion) {
  if (!Installed("zsh")) GTEST_SKIP() << "zsh is not installed";
  EXPECT_EQ(Capture("zsh -n " + Generate("zsh") + " 2>&1"), "");
}

TEST_F(GeneratedTest, ManRendersThePageWithoutWarnings) {
  if (!Installed("groff")) GTEST_SKIP() << "groff is not installed";
  const std::string page = Generate("man");
  EXPECT_EQ(Capture("groff -man -Tutf8 -ww -z " + page + " 2>&1"), "");
  const std::string text = Capture("groff -man -Tascii -P-cbou " + page + " 2>&1");
  EXPECT_THAT(text, HasSubstr("demo - shows what a command line can do"));
  EXPECT_THAT(text, HasSubstr("-n, --clients N"));
  EXPECT_THAT(text, HasSubstr("EXIT STATUS"));
}

}  // namespace
}  // namespace fedge::cli
