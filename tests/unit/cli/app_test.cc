#include "fedge/cli/app.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "demo_app.h"
#include "fedge/testing/temp_directory.h"

namespace fedge::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class AppTest : public ::testing::Test {
 protected:
  std::string WriteConfig(const std::string& text) {
    const std::string path = folder_.File("demo.toml");
    std::ofstream(path) << text;
    return path;
  }
  void ExpectWrong(std::vector<std::string> arguments, const std::string& message) {
    const App::Outcome outcome = demo_.Parse(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, kExitUsage) << message;
    EXPECT_EQ(outcome.command, nullptr) << message;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("demo: " + message + "\n"));
    EXPECT_THAT(outcome.err, HasSubstr(" --help'"));
  }

  DemoApp demo_;
  testing::TempDirectory folder_;
};

TEST_F(AppTest, SetsEveryKindOfTarget) {
  const App::Outcome outcome =
      demo_.Parse({"start-round", "-n5", "--lr=0.5", "--deadline", "1m30s", "--where", "site=eu",
                   "--where", "gpu=a=b", "--optimizer", "adam", "--buffer", "1MiB", "--detach",
                   "--batch-size", "full", "--listen", "[::1]:1"});
  ASSERT_NE(outcome.command, nullptr) << outcome.err;
  EXPECT_EQ(demo_.options.clients, 5u);
  EXPECT_EQ(demo_.options.rate, 0.5);
  EXPECT_EQ(demo_.options.deadline, Duration(90'000));
  EXPECT_THAT(demo_.options.where, ElementsAre(Pair("gpu", "a=b"), Pair("site", "eu")));
  EXPECT_EQ(demo_.options.optimizer, "adam");
  EXPECT_EQ(demo_.options.buffer, 1u << 20);
  EXPECT_TRUE(demo_.options.detach);
  EXPECT_EQ(demo_.options.batch_size, 0u);
  EXPECT_EQ(demo_.options.listen, "[::1]:1");
  EXPECT_EQ(outcome.command->CallRun(), kExitDone);
  EXPECT_EQ(demo_.options.runs, 1);
}

TEST_F(AppTest, PositionalsTakeWhatIsLeft) {
  ASSERT_NE(demo_.Parse({"files", "show", "a", "b", "-q"}).command, nullptr);
  EXPECT_THAT(demo_.options.files, ElementsAre("a", "b"));
  EXPECT_TRUE(demo_.app.quiet());
  ASSERT_NE(demo_.Parse({"files", "show", "--", "-dash"}).command, nullptr);
  EXPECT_THAT(demo_.options.files, ElementsAre("-dash"));
}

TEST_F(AppTest, TheLastOfARepeatedOptionCounts) {
  ASSERT_NE(demo_.Parse({"start-round", "-n", "5", "--clients", "6"}).command, nullptr);
  EXPECT_EQ(demo_.options.clients, 6u);
  ASSERT_NE(demo_.Parse({"start-round", "-n", "5", "--detach", "--detach=false"}).command, nullptr);
  EXPECT_FALSE(demo_.options.detach);
}

TEST_F(AppTest, WrongUsageSaysWhatIsWrongAndExitsWithTwo) {
  ExpectWrong({"start-round"}, "--clients N is missing");
  ExpectWrong({"start-round", "-n"}, "--clients needs a value: --clients N");
  ExpectWrong({"start-round", "-n", "0"}, "--clients: 0 is out of range; it must be 1 to 1000");
  ExpectWrong({"start-round", "-n", "1001"},
              "--clients: 1001 is out of range; it must be 1 to 1000");
  ExpectWrong({"start-round", "-n", "-3"}, "--clients: '-3' is not a whole number of 0 or more");
  ExpectWrong({"start-round", "-n", "5000000000"},
              "--clients: 5000000000 is out of range; it must be 0 to 4294967295");
  ExpectWrong({"start-round", "-n", "5", "--lr", "0"},
              "--lr: 0 is out of range; it must be above 0");
  ExpectWrong({"start-round", "-n", "5", "--deadline", "10ms"},
              "--deadline: 10ms is out of range; it must be at least 1s");
  ExpectWrong({"start-round", "-n", "5", "--where", "eu"},
              "--where: 'eu' is not of the form KEY=VALUE");
  ExpectWrong({"start-round", "-n", "5", "--where", "a=1", "--where", "a=2"},
              "--where: 'a' is given twice");
  ExpectWrong({"start-round", "-n", "5", "--batch-size", "half"},
              "--batch-size: 'half' is not full");
  ExpectWrong({"start-round", "-n", "5", "extra"},
              "'extra' is one argument too many for 'demo start-round'");
  ExpectWrong({"files"}, "a command is missing: show");
  ExpectWrong({"files", "show"}, "FILE is missing");
  ExpectWrong({}, "a command is missing: start-round, files");
  ExpectWrong({"start-round", "-n", "13", "--detach"}, "13 cannot detach");
}

TEST_F(AppTest, WhatIsNearlyRightIsAnsweredWithASuggestion) {
  ExpectWrong({"start-round", "--cleints", "5"},
              "unknown option '--cleints'; did you mean '--clients'?");
  ExpectWrong({"start-round", "--listn=x"}, "unknown option '--listn'; did you mean '--listen'?");
  ExpectWrong({"strat-round"}, "unknown command 'strat-round'; did you mean 'start-round'?");
  ExpectWrong({"files", "shwo"}, "unknown command 'shwo'; did you mean 'show'?");
  ExpectWrong({"start-round", "-n", "5", "--optimizer", "adm"},
              "--optimizer: 'adm' is not one of sgd, adam; did you mean 'adam'?");
  ExpectWrong({"--lr", "3", "start-round"}, "--lr belongs after 'start-round'");
}

TEST_F(AppTest, AFailedValueLeavesTheTargetAsItWas) {
  ExpectWrong({"start-round", "-n", "5", "--deadline", "soon"},
              "--deadline: 'soon' is not a duration; write a number with its unit, as in 500ms, "
              "30s, 2m or 1h30m");
  EXPECT_EQ(demo_.options.deadline, Duration(120'000));
}

TEST_F(AppTest, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  const std::string config = WriteConfig("listen = \"file\"\n[start-round]\nclients = 7\n");
  ASSERT_NE(demo_.Parse({"start-round", "--config", config}).command, nullptr);
  EXPECT_EQ(demo_.options.listen, "file");
  EXPECT_EQ(demo_.options.clients, 7u);
  demo_.environment["DEMO_LISTEN"] = "environment";
  ASSERT_NE(demo_.Parse({"start-round", "--config", config, "-n", "8"}).command, nullptr);
  EXPECT_EQ(demo_.options.listen, "environment");
  EXPECT_EQ(demo_.options.clients, 8u);
  ASSERT_NE(demo_.Parse({"--listen", "flag", "start-round", "--config", config}).command, nullptr);
  EXPECT_EQ(demo_.options.listen, "flag");
}

TEST_F(AppTest, AFileMaySpeakOfOtherCommands) {
  const std::string config = WriteConfig("[start-round]\nclients = 7\nwhere = {site = 'eu'}\n");
  ASSERT_NE(demo_.Parse({"files", "show", "x", "--config", config}).command, nullptr);
  EXPECT_EQ(demo_.options.clients, 0u);
  ASSERT_NE(demo_.Parse({"start-round", "--config", config}).command, nullptr);
  EXPECT_THAT(demo_.options.where, ElementsAre(Pair("site", "eu")));
}

TEST_F(AppTest, AKeyAboveAllTablesIsForEveryCommandThatHasTheFlag) {
  const std::string config =
      WriteConfig("start-round.deadline = '9s'\nclients = 7\ndeadline = '5s'\nlisten = 'x'\n");
  ASSERT_NE(demo_.Parse({"files", "show", "x", "--config", config}).command, nullptr);
  EXPECT_EQ(demo_.options.clients, 0u);
  const App::Outcome outcome = demo_.Parse({"start-round", "--config", config});
  ASSERT_NE(outcome.command, nullptr) << outcome.err;
  EXPECT_EQ(demo_.options.clients, 7u);
  EXPECT_EQ(demo_.options.listen, "x");
  EXPECT_EQ(demo_.options.deadline, Duration(9'000)) << "a table says more than the rest";
}

TEST_F(AppTest, AWrongFileIsNamedWithLineAndKey) {
  const auto expect = [this](const std::string& text, const std::string& message) {
    const std::string config = WriteConfig(text);
    ExpectWrong({"start-round", "-n", "1", "--config", config}, config + message);
  };
  expect("\nlisen = 'x'\n", ":2: unknown key 'lisen'; did you mean 'listen'?");
  expect("[start-rnd]\nclients = 7\n",
         ":2: unknown table 'start-rnd'; did you mean 'start-round'?");
  expect("[start-round]\nclient = 7\n",
         ":2: unknown key 'client' in [start-round]; did you mean 'clients'?");
  expect("[start-round]\nlisten = 'x'\n",
         ":2: 'listen' does not belong in [start-round]; write it above the first table");
  expect("[files.show]\nclients = 7\n",
         ":2: 'clients' does not belong in [files.show]; write it in [start-round]");
  expect("files = 7\n", ":1: 'files' is a table, not a key; write [files]");
  expect("cleints = 7\n", ":1: unknown key 'cleints'; did you mean 'clients'?");
  expect("version = true\n", ":1: unknown key 'version'");
  expect("[start-round]\nclients = 0\n", ":2: clients: 0 is out of range; it must be 1 to 1000");
  expect("[start-round]\nclients = [1, 2]\n", ":2: 'clients' takes one value");
  expect("listen = \"x\n", ":1: a closing quote is missing");
  ExpectWrong({"start-round", "--config", "/nowhere/x.toml"},
              "/nowhere/x.toml: No such file or directory");
}

TEST_F(AppTest, PrintedConfigurationReadsBackTheSame) {
  const App::Outcome printed =
      demo_.Parse({"start-round", "-n", "9", "--lr", "0.25", "--where", "site=\"eu\"", "--listen",
                   "a#b", "--detach", "--print-config"});
  EXPECT_EQ(printed.exit_code, kExitDone);
  EXPECT_THAT(printed.out, HasSubstr("[start-round]"));
  EXPECT_THAT(printed.out, HasSubstr("deadline = \"2m\""));
  const std::string config = WriteConfig(printed.out);
  DemoApp again;
  const App::Outcome outcome = again.Parse({"start-round", "--config", config});
  ASSERT_NE(outcome.command, nullptr) << outcome.err << printed.out;
  EXPECT_EQ(again.options.clients, 9u);
  EXPECT_EQ(again.options.rate, 0.25);
  EXPECT_THAT(again.options.where, ElementsAre(Pair("site", "\"eu\"")));
  EXPECT_EQ(again.options.listen, "a#b");
  EXPECT_TRUE(again.options.detach);
  EXPECT_EQ(again.Parse({"start-round", "--config", config, "--print-config"}).out, printed.out);
}

TEST_F(AppTest, AnswersVersionAndHelpWithoutWhatIsRequired) {
  EXPECT_THAT(demo_.Parse({"--version"}).out, ::testing::MatchesRegex("demo [0-9.]+\n"));
  EXPECT_THAT(demo_.Parse({"start-round", "--help"}).out, HasSubstr("Usage: demo start-round"));
  EXPECT_EQ(demo_.Parse({"--help"}).exit_code, kExitDone);
}

}  // namespace
}  // namespace fedge::cli
