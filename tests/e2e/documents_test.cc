#include <filesystem>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

#include "cluster.h"
#include "fedge/common/file.h"

namespace fedge::testing {
namespace {

const char* const kPrograms[] = {"fl-coordinator", "fl-client", "fedctl"};

class ProgramsTest : public ::testing::TestWithParam<const char*> {
 protected:
  Finished Run(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {ProgramPath(GetParam())};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return RunProgram(argv, {.folder = folder_.path(), .name = "program"});
  }
  TempDirectory folder_;
};
INSTANTIATE_TEST_SUITE_P(All, ProgramsTest, ::testing::ValuesIn(kPrograms),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(ProgramsTest, HelpIsOnStandardOutputWithExamples) {
  const Finished help = Run({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.out.find("xamples"), std::string::npos) << help.out;
  EXPECT_TRUE(help.err.empty()) << help.err;
  std::istringstream lines(help.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST_P(ProgramsTest, SaysSoWhenItsAnswerCannotBeWritten) {
  for (const char* const question : {"--help", "--version"}) {
    const Finished full =
        RunProgram({"/bin/sh", "-c", ProgramPath(GetParam()) + " " + question + " >/dev/full"},
                   {.folder = folder_.path(), .name = "full"});
    EXPECT_EQ(full.status, 1) << question;
    EXPECT_NE(full.err.find("standard output"), std::string::npos) << full.err;
  }
}

TEST_P(ProgramsTest, TellsItsVersion) {
  const Finished version = Run({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_EQ(version.out.rfind(GetParam(), 0), 0U) << version.out;
}

TEST_P(ProgramsTest, RefusesAnUnknownFlag) {
  const Finished unknown = Run({"--no-such-flag"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.err.find("--no-such-flag"), std::string::npos);
}

TEST_P(ProgramsTest, GeneratesManPageAndCompletions) {
  for (const char* kind : {"man", "bash", "zsh"}) {
    const Finished generated = Run({"--generate", kind});
    EXPECT_EQ(generated.status, 0) << kind;
    const std::string text =
        std::regex_replace(generated.out, std::regex(R"(\\-)"), "-");  // roff's minus
    EXPECT_NE(text.find(GetParam()), std::string::npos) << kind;
  }
}

TEST(ProgramsTest, CoordinatorAndFedctlDoNotLinkLibTorch) {
  const TempDirectory folder;
  for (const char* program : {"fl-coordinator", "fedctl"}) {
    const Finished linked = RunProgram({"/usr/bin/ldd", ProgramPath(program)},
                                       {.folder = folder.path(), .name = "ldd"});
    ASSERT_EQ(linked.status, 0) << linked.err;
    EXPECT_EQ(linked.out.find("libtorch"), std::string::npos) << linked.out;
    EXPECT_EQ(linked.out.find("libc10"), std::string::npos) << linked.out;
  }
}

// Every fedctl, fl-client and fl-coordinator command line in README names flags that exist.
TEST(ReadmeTest, CommandsNameFlagsThatExist) {
  const auto readme = ReadFile(std::string(FEDGE_SOURCE_DIR) + "/README.md");
  ASSERT_TRUE(readme.ok());
  const TempDirectory folder;
  std::size_t num_commands = 0;
  std::istringstream lines(*readme);
  const std::regex command(
      R"(^\s*(?:\$ )?(?:build/release/bin/)?(fedctl|fl-client|fl-coordinator)((?: [a-z][a-z-]*)*)( .*)?$)");
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, command)) continue;
    ++num_commands;
    std::vector<std::string> argv = {ProgramPath(match[1])};
    std::istringstream words(match[2]);
    for (std::string word; words >> word;) argv.push_back(word);
    argv.push_back("--help");
    const Finished help = RunProgram(argv, {.folder = folder.path(), .name = "help"});
    EXPECT_EQ(help.status, 0) << line << "\n" << help.err;
    const std::string rest = match[3];
    const std::regex flag("--[a-z][a-z-]*");
    for (std::sregex_iterator it(rest.begin(), rest.end(), flag), end; it != end; ++it) {
      EXPECT_NE(help.out.find(it->str()), std::string::npos) << line << ": no flag " << it->str();
    }
  }
  EXPECT_GE(num_commands, 5U);
}

// What is installed works from there, and links of the documents lead somewhere.
TEST(InstallTest, ProgramsRunAndLinksLeadSomewhere) {
  const TempDirectory folder;
  const std::string prefix = folder.File("installed");
  const Finished installed =
      RunProgram({FEDGE_CMAKE, "--install", FEDGE_BUILD_DIR, "--prefix", prefix},
                 {.folder = folder.path(), .name = "install"});
  ASSERT_EQ(installed.status, 0) << installed.err;
  for (const char* const program : kPrograms) {
    const Finished version = RunProgram({prefix + "/bin/" + program, "--version"},
                                        {.folder = folder.path(), .name = program});
    EXPECT_EQ(version.status, 0) << version.err;
  }
  const std::string documents = prefix + "/share/doc/fedge/";
  const std::regex link(R"(\]\(([^)#:]+)\))");
  std::size_t num_links = 0;
  for (const char* const name : {"README.md", "BENCHMARKS.md", "CONTRIBUTING.md"}) {
    const std::string text = ReadFile(documents + name).value();
    for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it) {
      ++num_links;
      EXPECT_TRUE(std::filesystem::exists(documents + it->str(1))) << name << ": " << it->str(1);
    }
  }
  EXPECT_GE(num_links, 8U);
  EXPECT_FALSE(std::filesystem::exists(prefix + "/share/fedge/monitoring/alerts_test.yml"));
  EXPECT_TRUE(std::filesystem::exists(prefix + "/share/fedge/monitoring/alerts.yml"));
}

TEST(ConfigsTest, SampleConfigurationIsAccepted) {
  const TempDirectory folder;
  for (const auto& [program, file] :
       {std::pair{"fl-coordinator", "coordinator.toml"}, std::pair{"fl-client", "client.toml"}}) {
    const Finished printed =
        RunProgram({ProgramPath(program), "--config",
                    std::string(FEDGE_SOURCE_DIR) + "/configs/" + file, "--print-config"},
                   {.folder = folder.path(), .name = program});
    EXPECT_EQ(printed.status, 0) << printed.err;
  }
}

}  // namespace
}  // namespace fedge::testing
