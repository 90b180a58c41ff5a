#include "fedge/cli/help.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "demo_app.h"
#include "fedge/cli/text.h"

namespace fedge::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(WrapTest, BreaksAtBlanksAndKeepsIndents) {
  EXPECT_THAT(Wrap("one two three", 8), ElementsAre("one two", "three"));
  EXPECT_THAT(Wrap("  a b\nc", 4), ElementsAre("  a", "  b", "c"));
  EXPECT_THAT(Wrap("unbreakable x", 5), ElementsAre("unbreakable", "x"));
  EXPECT_THAT(Wrap("0  done", 80), ElementsAre("0  done"));
  EXPECT_THAT(Wrap("", 10), ElementsAre(""));
  EXPECT_EQ(Columns("\xC3\xA9t\xC3\xA9"), 3u);
}

TEST(HelpTest, ShowsGroupsRangesDefaultsAndEndsWithExamples) {
  DemoApp demo;
  const std::string help = demo.Parse({"start-round", "--help"}).out;
  EXPECT_EQ(help.substr(0, help.find("\nTraining:")),
            "demo start-round: starts a round\n"
            "\n"
            "Usage: demo start-round --clients N [options]\n"
            "\n"
            "Cohort:\n"
            "  -n, --clients N             updates that end a round (1 to 1000; required)\n"
            "      --where KEY=VALUE       a label (may be repeated)\n");
  EXPECT_THAT(help, HasSubstr("learning rate (above 0; default: 0.1)"));
  EXPECT_THAT(help, HasSubstr("(sgd|adam; default: sgd)"));
  EXPECT_THAT(help, HasSubstr("memory (at least 1KiB; default: 4MiB)"));
  EXPECT_THAT(help, HasSubstr("of a round (at least 1s; default: 2m)"));
  EXPECT_THAT(help, HasSubstr("environment:"));
  EXPECT_THAT(help, HasSubstr("Exit status:\n  0  done\n"));
  EXPECT_TRUE(help.ends_with("Examples:\n  # a round of fifty\n  demo start-round --clients 50\n"));
  EXPECT_THAT(help, Not(HasSubstr("--generate")));
}

TEST(HelpTest, ASubcommandShowsNoOptionsOfAJobThatIsNotItsOwn) {
  App app("both", "works by itself too");
  std::string data;
  app.Option("--data", &data, "NAME", "what to train on", {.group = "Training"});
  app.Run([] { return kExitDone; });
  Command& convert = app.Subcommand("convert", "does something else");
  convert.Run([] { return kExitDone; });
  const std::string help = RenderHelp(convert, 80, false);
  EXPECT_THAT(help, Not(HasSubstr("--data")));
  EXPECT_THAT(help, HasSubstr("--version"));
  EXPECT_THAT(RenderHelp(app, 80, false), HasSubstr("--data"));
}

TEST(HelpTest, FitsTheTerminal) {
  DemoApp demo;
  for (const Command* const command : AllCommands(demo.app)) {
    for (const std::size_t width : {20u, 60u, 80u, 100u, 300u}) {
      std::istringstream lines(RenderHelp(*command, width, false));
      for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(Columns(line), std::clamp<std::size_t>(width, 60, 100)) << line;
        EXPECT_FALSE(line.ends_with(' ')) << line;
      }
    }
  }
}

TEST(HelpTest, HasNoColourUnlessAskedFor) {
  DemoApp demo;
  EXPECT_THAT(RenderHelp(demo.app, 80, false), Not(HasSubstr("\033")));
  EXPECT_THAT(RenderHelp(demo.app, 80, true), HasSubstr("\033[1m"));
}

TEST(HelpTest, ListsCommandsOfCommands) {
  DemoApp demo;
  const std::string help = demo.Parse({"--help"}).out;
  EXPECT_THAT(help, HasSubstr("\n  start-round                 starts a round\n"));
  EXPECT_THAT(help, HasSubstr("\n  files show                  shows files\n"));
}

}  // namespace
}  // namespace fedge::cli
