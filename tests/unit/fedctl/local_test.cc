// `start-round --local` with stand-ins for the programs that it starts: shell scripts that are
// found in PATH.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_admin.h"
#include "fedge/common/file.h"
#include "fedge/fedctl/child_process.h"
#include "fedge/fedctl/local_cluster.h"
#include "fedge/testing/temp_directory.h"
#include "run_fedctl.h"

namespace fedge::fedctl {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class LocalTest : public ::testing::Test {
 protected:
  LocalTest() : old_path_(std::getenv("PATH")) {
    fs::create_directory(folder_.File("bin"));
    fs::create_directory(folder_.File("tmp"));
    ::setenv("PATH", (folder_.File("bin") + ":" + old_path_).c_str(), 1);
    ::setenv("TMPDIR", folder_.File("tmp").c_str(), 1);
    Program("fl-coordinator",
            "while [ $# -gt 0 ]; do [ \"$1\" = --ready-file ] && ready=$2; shift; done\n"
            "echo " +
                admin_.address() +
                " > $ready.tmp; mv $ready.tmp $ready\n"
                "exec sleep 1000");
    // The evaluator and the clients never join really; the fake says that they have.
    admin_.status.set_num_trainers(1000);
    Program("fl-client", "case \"$1\" in new-model) exit 0;; *) exec sleep 1000;; esac");
  }
  ~LocalTest() override {
    ::setenv("PATH", old_path_.c_str(), 1);
    ::unsetenv("TMPDIR");
  }

  void Program(const std::string& name, const std::string& body) {
    const std::string path = folder_.File("bin/" + name);
    std::ofstream(path) << "#!/bin/sh\necho \"$0\" \"$@\" >> " << folder_.File("calls") << "\n"
                        << body << "\n";
    fs::permissions(path, fs::perms::owner_all);
  }
  std::string Calls() { return ReadFile(folder_.File("calls")).value(); }
  Ran Run(std::vector<std::string> arguments, std::stop_token stop = {}) {
    std::vector<std::string> all = {"start-round", "--local", "--clients", "5"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return Fedctl(all, std::move(stop));
  }
  // Nothing in the temporary folder, no child left.
  void ExpectClean() {
    EXPECT_TRUE(fs::is_empty(folder_.File("tmp")));
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  }

  FakeAdmin admin_;
  testing::TempDirectory folder_;
  std::string old_path_;
};

TEST_F(LocalTest, RunsWritesTheModelAndCleansUp) {
  admin_.watches = {[this](const auto&, grpc::ServerContext& context, auto& writer) {
    const auto called = [this](const char* what) {
      return Calls().find(what) != std::string::npos;
    };
    while (!context.IsCancelled() && !(called("--workers 2\n") && called("--id evaluator\n"))) {
      std::this_thread::yield();
    }
    writer.Write(Message(EndedStatus(3)));
    return grpc::Status::OK;
  }};
  const std::string output = folder_.File("global.pt");
  const Ran ran = Run({"-o", output, "--over-select", "1.2", "--seed", "7", "--partition",
                       "shards:2", "--workers", "2"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(*ReadFile(output), "a model");
  EXPECT_THAT(ran.out, HasSubstr("run 1 completed"));
  EXPECT_THAT(ran.out, HasSubstr(output + ": the model after round 3\n"));
  const std::string calls = Calls();
  EXPECT_THAT(calls, HasSubstr("fl-client new-model --arch mlp:64,32,10 --seed 7 -o "));
  EXPECT_THAT(calls, HasSubstr("--listen 127.0.0.1:0 --http off --ready-file "));
  EXPECT_THAT(calls, HasSubstr("fl-client --coordinator " + admin_.address() +
                               " --data digits --virtual 6 --seed 7 --partition shards:2 "
                               "--workers 2\n"));
  EXPECT_THAT(calls, HasSubstr("--role evaluator"));
  ExpectClean();
}

TEST_F(LocalTest, NeverOverwritesAModelUnasked) {
  const std::string output = folder_.File("global.pt");
  std::ofstream(output) << "precious";
  const Ran ran = Run({"-o", output});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("--force"));
  EXPECT_EQ(*ReadFile(output), "precious");
  EXPECT_FALSE(fs::exists(folder_.File("calls")));
  EXPECT_EQ(Run({"-o", output, "--force"}).code, 0);
  EXPECT_EQ(*ReadFile(output), "a model");
}

TEST_F(LocalTest, AProgramThatDoesNotStartIsShownWithItsLog) {
  Program("fl-coordinator", "echo 'model.pt: no TorchScript' >&2; exit 1");
  const Ran ran = Run({"-o", folder_.File("global.pt"), "--model", "model.pt"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("fl-coordinator ended early (exit code 1)"));
  EXPECT_THAT(ran.err, HasSubstr("model.pt: no TorchScript"));
  ExpectClean();
}

TEST_F(LocalTest, AProgramThatDiesEndsTheWait) {
  admin_.watches = {[](const auto&, grpc::ServerContext& context, auto& writer) {
    writer.Write(Message(SampleStatus(1)));
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  }};
  Program("fl-client", "case \"$1\" in new-model) exit 0;; *) echo no data; exit 9;; esac");
  const Ran ran = Run({"-o", folder_.File("global.pt")});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("run\nfedctl: fl-client ended early (exit code 9); its last "
                                 "lines:\n  | no data\n"));
  ExpectClean();
}

TEST_F(LocalTest, WhatAProgramTakesForWrongUsageIsWrongUsage) {
  admin_.watches = {[](const auto&, grpc::ServerContext& context, auto& writer) {
    writer.Write(Message(SampleStatus(1)));
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  }};
  const std::string output = folder_.File("global.pt");
  Program(
      "fl-client",
      "case \"$1\" in new-model) exit 0;; *) echo 'fl-client: no such partition'; exit 2;; esac");
  const Ran ran = Run({"-o", output, "--partition", "shrads:2"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("fedctl: fl-client cannot be started like this:\n"
                                 "  | fl-client: no such partition\n"));
  Program("fl-client", "echo 'fl-client: no such architecture'; exit 2");
  EXPECT_EQ(Run({"-o", output}).code, 2);
  ExpectClean();
}

TEST_F(LocalTest, CtrlCStopsEverything) {
  std::stop_source interrupt;
  admin_.watches = {[&](const auto&, grpc::ServerContext& context, auto& writer) {
    writer.Write(Message(SampleStatus(1)));
    interrupt.request_stop();
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  }};
  const Ran ran = Run({"-o", folder_.File("global.pt")}, interrupt.get_token());
  EXPECT_EQ(ran.code, 130);
  EXPECT_THAT(ran.err, HasSubstr("no round has completed; " + folder_.File("global.pt") +
                                 " is not written"));
  EXPECT_FALSE(fs::exists(folder_.File("global.pt")));
  ExpectClean();
}

TEST_F(LocalTest, CtrlCKeepsTheModelAfterTheLastCompletedRound) {
  std::stop_source interrupt;
  admin_.status.set_model_round(3);
  admin_.watches = {[&](const auto&, grpc::ServerContext& context, auto& writer) {
    writer.Write(Message(SampleStatus(4)));
    interrupt.request_stop();
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  }};
  const std::string output = folder_.File("global.pt");
  const Ran ran = Run({"-o", output}, interrupt.get_token());
  EXPECT_EQ(ran.code, 130);
  EXPECT_EQ(*ReadFile(output), "a model");
  EXPECT_THAT(ran.out, HasSubstr(output + ": the model after round 3\n"));
  ExpectClean();
}

TEST_F(LocalTest, ALaterRoundThatFailsLeavesTheModelBeforeIt) {
  admin_.status.set_model_round(3);
  admin_.watches = {[](const auto&, auto&, auto& writer) {
    v1::CoordinatorStatus status = EndedStatus(3);
    status.set_phase(v1::ERROR);
    status.mutable_run()->set_error("round 4: too few");
    writer.Write(Message(status));
    return grpc::Status::OK;
  }};
  const std::string output = folder_.File("global.pt");
  const Ran ran = Run({"-o", output});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(*ReadFile(output), "a model");
  EXPECT_THAT(ran.out, HasSubstr(output + ": the model after round 3\n"));
  EXPECT_THAT(ran.err, HasSubstr("round 4: too few"));
}

TEST_F(LocalTest, AMissingProgramIsNamed) {
  fs::remove(folder_.File("bin/fl-client"));
  ::setenv("PATH", folder_.File("bin").c_str(), 1);
  const Ran ran = Run({"-o", folder_.File("global.pt")});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("\nfedctl: fl-client is neither beside "));
}

TEST_F(LocalTest, EachDataSetHasAnArchitectureOrNone) {
  EXPECT_EQ(DefaultArchitecture("mnist"), "2nn");
  EXPECT_EQ(DefaultArchitecture("mnist:some/folder"), "2nn");
  EXPECT_EQ(DefaultArchitecture("csv:train.csv"), "");
}

TEST_F(LocalTest, AChildThatIgnoresTheRequestIsKilled) {
  auto child =
      ChildProcess::Start({.program = "/bin/sh",
                           .arguments = {"-c", "trap '' TERM; echo up; while :; do sleep 1; done"},
                           .log_path = folder_.File("log")});
  ASSERT_TRUE(child.ok());
  while (ReadFile(child->log_path()).value() != "up\n") std::this_thread::yield();
  child->Terminate();
  EXPECT_EQ(child->Ended(), std::nullopt);
  child->Join(Duration(0));
  EXPECT_EQ(child->Ended(), "signal 9");
  EXPECT_FALSE(child->succeeded());
  EXPECT_EQ(Tail(child->log_path(), 5), "  | up\n");
}

}  // namespace
}  // namespace fedge::fedctl
