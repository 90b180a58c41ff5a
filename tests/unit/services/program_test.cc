// fl-coordinator as a process: how it starts, what it refuses, how it stops.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/rpc/transport.h"
#include "fedge/testing/connection.h"
#include "fedge/testing/process.h"
#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::HasSubstr;

// The harness gives folder, model and a coordinator to collide with.
class ProgramTest : public ::testing::Test {
 protected:
  std::vector<std::string> Argv(const std::string& state,
                                const std::vector<std::string>& more = {}) {
    std::vector<std::string> argv = {FEDGE_COORDINATOR,
                                     "--model",
                                     harness.directory().File("model.pt"),
                                     "--state-dir",
                                     harness.directory().File(state),
                                     "--http",
                                     "127.0.0.1:0"};
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }
  Finished Run(const std::vector<std::string>& argv) {
    return RunProgram(argv, {.folder = harness.directory().path(), .name = "run"});
  }
  // A process that listens, with a client that has joined.
  void StartProcess() {
    const std::string ready = harness.directory().File("ready");
    process.emplace(Argv("own", {"--listen", "127.0.0.1:0", "--ready-file", ready}),
                    Process::Options{.folder = harness.directory().path(), .name = "coordinator"});
    ASSERT_TRUE(process->WaitForText("listening on 127.0.0.1:"));
    std::ifstream file(ready);
    std::string address;
    file >> address;
    EXPECT_THAT(process->Out(), HasSubstr(address));
    channel = CreateChannel(address);
    client = std::make_unique<TestClient>(channel, "a");
    ASSERT_TRUE(client->Join().ok());
  }

  Harness harness;
  std::optional<Process> process;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<TestClient> client;
};

// gRPC 1.51 never accepts again once it has run out of files.
TEST_F(ProgramTest, AnswersAgainAfterMoreConnectionsThanItMayOpenFiles) {
  const std::string ready = harness.directory().File("ready");
  std::vector<std::string> argv = {"/bin/sh", "-c", "ulimit -n 100; exec \"$@\"", "sh"};
  const auto own = Argv("own", {"--listen", "127.0.0.1:0", "--ready-file", ready});
  argv.insert(argv.end(), own.begin(), own.end());
  process.emplace(argv, Process::Options{.folder = harness.directory().path(), .name = "crowded"});
  ASSERT_TRUE(process->WaitForText("listening on 127.0.0.1:"));
  std::ifstream file(ready);
  std::string address;
  file >> address;
  {
    std::vector<std::unique_ptr<Connection>> crowd;
    for (int i = 0; i < 150; ++i) crowd.push_back(std::make_unique<Connection>(address));
    ASSERT_TRUE(process->WaitForText("connections closed"));
  }
  channel = CreateChannel(address);
  client = std::make_unique<TestClient>(channel, "a");
  // The first attempts may come before it has noticed that the crowd has gone.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  grpc::Status joined = client->Join();
  while (!joined.ok() && std::chrono::steady_clock::now() < deadline) joined = client->Join();
  EXPECT_TRUE(joined.ok()) << joined.error_message();
}

TEST_F(ProgramTest, ABeginAnewMustBeAskedForInANewFolder) {
  StartProcess();
  process->Signal(SIGKILL);
  process->Wait();
  const std::string folder = harness.directory().File("own");
  for (const char* name :
       {"coordinator.db", "coordinator.db-wal", "coordinator.db-shm", "acknowledged"}) {
    std::filesystem::remove(folder + "/" + name);
  }
  std::ofstream(folder + "/models/" + std::string(64, 'a') + ".pt") << "of a later round";
  const Finished run = Run(Argv("own", {"--listen", "127.0.0.1:0"}));
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.err, HasSubstr("knows of no round, yet 2 models of earlier ones"));
}

TEST_F(ProgramTest, StopsWhenItsFolderIsRemoved) {
  StartProcess();
  std::filesystem::remove_all(harness.directory().File("own"));
  EXPECT_EQ(process->Wait(), 1);
  EXPECT_THAT(process->Err(), HasSubstr("is gone, or the folder that it is in"));
}

TEST_F(ProgramTest, RefusesAStateDirectoryInUse) {
  const Finished run = Run(Argv("state", {"--listen", "127.0.0.1:0"}));
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.err, HasSubstr("in use by another fl-coordinator"));
}

TEST_F(ProgramTest, RefusesAPortInUse) {
  const Finished run = Run(Argv("own", {"--listen", harness.server().address()}));
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.err, HasSubstr(harness.server().address() + " is in use"));
}

TEST_F(ProgramTest, RefusesAnHttpPortInUseAndSaysWhatToDo) {
  const std::string address = harness.server().http_address();
  const Finished run = Run(Argv("own", {"--listen", "127.0.0.1:0", "--http", address}));
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.err, HasSubstr(address + " is in use"));
  EXPECT_THAT(run.err, HasSubstr("--http off"));
}

TEST_F(ProgramTest, HttpStaysOnThisMachineUnlessToldOtherwise) {
  const Finished run = Run(Argv("own", {"--listen", "127.0.0.1:0", "--http", "0.0.0.0:0"}));
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("--http 0.0.0.0:0 would take connections"));
}

TEST_F(ProgramTest, AnnouncesItsHttpAddress) {
  StartProcess();
  ASSERT_TRUE(process->WaitForText("metrics and health on http://127.0.0.1:"));
  const std::string out = process->Out();
  const std::size_t begin = out.find("http://") + 7;
  EXPECT_EQ(BodyOf(Get(out.substr(begin, out.find('/', begin) - begin), "/health/ready")),
            "ready\n");
}

TEST_F(ProgramTest, RefusesToListenBeyondLoopbackUnlessToldSo) {
  const Finished run = Run(Argv("own", {"--listen", "0.0.0.0:0"}));
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("--insecure"));
}

TEST_F(ProgramTest, RefusesWrongFlags) {
  EXPECT_EQ(Run({FEDGE_COORDINATOR}).status, 2);
  EXPECT_EQ(Run(Argv("own", {"--listen", "nowhere"})).status, 2);
  EXPECT_EQ(Run(Argv("own", {"--keep-rounds", "0"})).status, 2);
  const Finished run = Run(Argv("own", {"--max-upload", "3"}));
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("--max-uploads"));
}

TEST_F(ProgramTest, RefusesAFileThatIsNoModel) {
  const Finished run =
      Run({FEDGE_COORDINATOR, "--model", "/dev/null", "--state-dir",
           harness.directory().File("own"), "--listen", "127.0.0.1:0", "--http", "off"});
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.err, HasSubstr("/dev/null"));
}

TEST_F(ProgramTest, ASignalEndsItInGoodOrder) {
  StartProcess();
  const auto poll = client->StartPoll();
  process->Signal(SIGTERM);
  v1::PollResponse answer;
  // The poll may come before the signal or after it.
  if (poll->Wait(answer).ok()) {
    EXPECT_TRUE(answer.has_gone());
  }
  EXPECT_EQ(process->Wait(std::chrono::seconds(5)), 0);
}

TEST_F(ProgramTest, ACallThatHangsHoldsItUpForLessThanFiveSeconds) {
  StartProcess();
  const auto hanging = client->HangSubmit();
  process->Signal(SIGINT);
  EXPECT_EQ(process->Wait(std::chrono::seconds(5)), 0);
}

TEST_F(ProgramTest, ASecondSignalEndsItAtOnce) {
  StartProcess();
  const auto hanging = client->HangSubmit();
  process->Signal(SIGTERM);
  ASSERT_TRUE(process->WaitForText("coordinator stops"));
  process->Signal(SIGTERM);
  EXPECT_EQ(process->Wait(std::chrono::seconds(2)), 128 + SIGTERM);
}

}  // namespace
}  // namespace fedge::testing
