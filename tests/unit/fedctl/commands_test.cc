#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_admin.h"
#include "fedge/common/file.h"
#include "fedge/common/json.h"
#include "fedge/testing/temp_directory.h"
#include "run_fedctl.h"

namespace fedge::fedctl {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Pair;
using ::testing::StartsWith;

class CommandsTest : public ::testing::Test {
 protected:
  Ran Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--coordinator", admin_.address()});
    return Fedctl(arguments);
  }
  std::vector<std::pair<std::string, std::string>> Json(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const Ran ran = Run(std::move(arguments));
    EXPECT_EQ(ran.code, 0) << ran.err;
    const auto members = ParseJsonMembers(ran.out);
    EXPECT_TRUE(members.ok()) << ran.out;
    if (!members.ok()) return {};
    EXPECT_THAT(*members, Contains(Pair("schema_version", "1")));
    return *members;
  }

  FakeAdmin admin_;
  testing::TempDirectory folder_;
};

TEST_F(CommandsTest, StatusShowsPhaseRunAndModel) {
  admin_.status = SampleStatus(2);
  const Ran ran = Run({"status"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out,
              StartsWith("phase        TRAINING\nrun          1: 1 of 3 rounds, active\n"));
  EXPECT_THAT(ran.out, HasSubstr("60 selected, 18 training, 32 accepted, 0 refused"));
  EXPECT_THAT(ran.out, HasSubstr("model        model.pt, 2,410 parameters, 11.0 kB"));
  EXPECT_THAT(Json({"status"}), Contains(Pair("phase", "TRAINING")));
}

TEST_F(CommandsTest, RoundsListIsATable) {
  EXPECT_EQ(Run({"rounds", "list"}).out, "no rounds yet\n");
  *admin_.rounds.add_rounds() = SampleRound(12, 0.5);
  const Ran ran = Run({"rounds", "list", "--run", "3", "--limit", "7", "--before", "20"});
  EXPECT_THAT(ran.out, StartsWith("ROUND   RUN  PHASE      ACCEPTED  REFUSED  FAILED  LATE"));
  EXPECT_THAT(ran.out, HasSubstr("   12  1.12  COMPLETED     50/60        1       0     0"));
  EXPECT_THAT(ran.out, HasSubstr("50.00 %"));
  EXPECT_EQ(admin_.rounds_request.run(), 3u);
  EXPECT_EQ(admin_.rounds_request.limit(), 7u);
  EXPECT_EQ(admin_.rounds_request.before_round(), 20u);
  EXPECT_THAT(Json({"rounds", "list"}), Contains(Pair("rounds.0.round", "12")));
}

TEST_F(CommandsTest, RoundsShowListsTasksWithReasons) {
  *admin_.round.mutable_round() = SampleRound(2, 0.5);
  v1::TaskInfo& task = *admin_.round.add_tasks();
  task.set_client_id("berlin-3");
  task.set_state("refused");
  task.set_reason("element 7 of 'fc.weight' is not finite");
  const Ran ran = Run({"rounds", "show", "2"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("round         2 (number 2 of run 1)"));
  EXPECT_THAT(ran.out, HasSubstr("berlin-3  refused"));
  EXPECT_THAT(ran.out, HasSubstr("element 7 of 'fc.weight' is not finite\n"));
  EXPECT_THAT(Json({"rounds", "show", "2"}), Contains(Pair("tasks.0.state", "refused")));
}

TEST_F(CommandsTest, ClientsListAndShow) {
  v1::ClientInfo& client = *admin_.clients.add_clients();
  client.set_client_id("berlin-3");
  client.set_role(v1::ROLE_TRAINER);
  client.set_state("idle");
  (*client.mutable_labels())["site"] = "eu";
  (*client.mutable_labels())["gpu"] = "no";
  client.set_num_refused(1);
  client.set_last_refusal_code(v1::REFUSAL_NOT_FINITE);
  *admin_.client.mutable_client() = client;
  admin_.client.mutable_client()->set_last_refusal("wrong base");
  admin_.client.mutable_client()->set_last_refusal_code(v1::REFUSAL_BASE);
  EXPECT_THAT(Run({"clients", "list", "--joined"}).out, HasSubstr("gpu=no,site=eu\n"));
  EXPECT_TRUE(admin_.clients_request.joined_only());
  EXPECT_THAT(Run({"clients", "list"}).out, HasSubstr("  1 (not-finite)  "));
  EXPECT_THAT(Run({"clients", "show", "berlin-3"}).out,
              HasSubstr("last refusal  wrong base (base)\n"));
  EXPECT_THAT(Json({"clients", "list"}), Contains(Pair("clients.0.labels.site", "eu")));
  EXPECT_THAT(Json({"clients", "show", "x"}), Contains(Pair("last_refusal", "wrong base")));
}

TEST_F(CommandsTest, PausesResumesAndRollsBack) {
  EXPECT_EQ(Run({"pause"}).out, "run 4 paused; 'fedctl resume' lets it go on\n");
  EXPECT_EQ(Run({"resume"}).out, "run 4 goes on\n");
  EXPECT_EQ(admin_.pauses, 1);
  EXPECT_EQ(admin_.resumes, 1);
  EXPECT_THAT(Json({"pause"}), Contains(Pair("run", "4")));
  EXPECT_THAT(Run({"rollback", "--round", "7"}).out,
              HasSubstr("the global model is the one after round 7 again"));
  EXPECT_EQ(admin_.rolled_back_to, 7U);
  EXPECT_EQ(Run({"rollback"}).code, 2) << "a round must be named";
  admin_.failure = {grpc::StatusCode::FAILED_PRECONDITION, "no run is active"};
  const Ran ran = Run({"pause"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("no run is active"));
}

TEST_F(CommandsTest, WritesABackupWholeOrNotAtAll) {
  const testing::TempDirectory folder;
  const std::string path = folder.File("backup.tar");
  EXPECT_THAT(Run({"backup", "-o", path}).out, HasSubstr("8 B"));
  EXPECT_EQ(ReadFile(path).value(), "a backup");
  EXPECT_EQ(Run({"backup", "-o", path}).code, 2) << "it is there already";
  EXPECT_EQ(Run({"backup", "-o", path, "--force"}).code, 0);
  admin_.cut_backup = true;
  const Ran ran = Run({"backup", "-o", folder.File("other.tar")});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("not what the coordinator sent"));
  EXPECT_EQ(PosixFileSystem().List(folder.path()).value(), std::vector<std::string>{"backup.tar"});
}

TEST_F(CommandsTest, AbortAndResetSayWhatTheyDid) {
  EXPECT_EQ(Run({"abort-round", "--reason", "wrong rate"}).out, "run 4 aborted\n");
  EXPECT_EQ(admin_.abort_reason, "wrong rate");
  EXPECT_THAT(Json({"abort-round"}), Contains(Pair("run", "4")));
  EXPECT_EQ(Run({"reset"}).out, "reset: ready for the next run\n");
  EXPECT_EQ(admin_.resets, 1);
  admin_.failure = {grpc::StatusCode::FAILED_PRECONDITION, "no run is active"};
  const Ran ran = Run({"abort-round"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, "fedctl: no run is active\n");
}

TEST_F(CommandsTest, EventsAreLinesOrDocuments) {
  for (const std::uint64_t sequence : {1U, 2U}) {
    v1::Event event;
    event.set_sequence(sequence);
    event.set_unix_ms(kStart);
    event.set_kind("update refused");
    event.set_round(4);
    event.set_client_id("berlin-3");
    event.set_message("not finite");
    admin_.events.push_back(event);
  }
  const Ran ran = Run({"events", "--last", "2"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, MatchesRegex("(2023-11-1[45] [0-9:]+  update refused      round=4  "
                                    "client=berlin-3  not finite\n){2}"));
  EXPECT_EQ(Run({"events", "--json"}).out.find("{\"schema_version\":1,\"type\":\"event\""), 0u);
}

TEST_F(CommandsTest, FollowedEventsGoOnBehindTheLastOne) {
  v1::Event event;
  event.set_sequence(9);
  event.set_kind("run started");
  admin_.events = {event};
  const Ran ran = Run({"events", "--follow"});
  EXPECT_THAT(ran.out, HasSubstr("run started"));
  EXPECT_EQ(ran.code, 1);  // the fake ends the stream for good
  EXPECT_EQ(ran.err, "fedctl: the end of the script\n");
}

TEST_F(CommandsTest, ExportWritesTheModelWhole) {
  const std::string path = folder_.File("out.pt");
  const Ran ran = Run({"model", "export", "--round", "3", "-o", path});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(*ReadFile(path), "a model");
  EXPECT_EQ(admin_.export_request.round(), 3u);
  EXPECT_THAT(ran.out, HasSubstr("after round 3, 7 B, sha256 "));
  EXPECT_EQ(Run({"model", "export", "-o", path}).code, 2);
  EXPECT_THAT(Run({"model", "export", "-o", path}).err, HasSubstr("out.pt exists; "));
  EXPECT_THAT(Json({"model", "export", "-o", path, "--force"}), Contains(Pair("bytes", "7")));
  EXPECT_EQ(Run({"model", "export", "-o", folder_.path()}).code, 2);
}

TEST_F(CommandsTest, ExportToStandardOutputWritesNothingElse) {
  const Ran ran = Run({"model", "export", "-o", "-"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "a model");
  EXPECT_EQ(Run({"model", "export", "-o", "-", "--json"}).code, 2);
  EXPECT_EQ(Run({"backup", "-o", "-"}).code, 2);
  const Ran terminal =
      Fedctl({"model", "export", "-o", "-", "--coordinator", admin_.address()}, {}, true);
  EXPECT_EQ(terminal.code, 2);
  EXPECT_EQ(terminal.out, "");
  EXPECT_THAT(terminal.err, HasSubstr("-o - writes the model to a terminal; redirect it"));
  admin_.model = "another";
  EXPECT_EQ(Run({"model", "export", "-o", "-"}).code, 1);
}

TEST_F(CommandsTest, ADamagedExportLeavesNothingBehind) {
  admin_.model = "another";
  const Ran ran = Run({"model", "export", "-o", folder_.File("out.pt")});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, "fedctl: the model's digest is wrong\n");
  admin_.failure = {grpc::StatusCode::NOT_FOUND, "round 3 is not kept; kept are 5, 6"};
  EXPECT_THAT(Run({"model", "export", "-o", folder_.File("out.pt")}).err, HasSubstr("kept are 5"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(CommandsTest, ModelInfoRefusesWhatIsNoModel) {
  const std::string path = folder_.File("no.pt");
  std::ofstream(path) << "this is no archive";
  const Ran ran = Run({"model", "info", path});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, StartsWith("fedctl: " + path));
  EXPECT_EQ(Run({"model", "info", folder_.File("none.pt")}).code, 1);
}

TEST_F(CommandsTest, WaitEndsAsTheRunEnded) {
  const Ran done = Run({"wait"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("run 1 completed: 3 of 3 rounds in 8.00 s"));
  admin_.status.mutable_run()->set_error("quorum missed: 3 of 50 updates");
  const Ran failed = Run({"wait", "-q"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.err, "fedctl: run 1 failed: quorum missed: 3 of 50 updates\n");
  admin_.status.clear_run();
  EXPECT_EQ(Run({"wait"}).err, "fedctl: no run was started yet\n");
}

TEST_F(CommandsTest, WaitTimesOutWithFour) {
  admin_.status = SampleStatus(2);
  admin_.watches = {[this](const auto&, grpc::ServerContext& context, auto& writer) {
    writer.Write(Message(admin_.status));
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::OK;
  }};
  // The deadline of a call is of the system's clock; the fake one is years behind it.
  const Ran ran = Run({"wait", "--timeout", "1s"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.err, HasSubstr("run 1 has not ended yet"));
}

TEST(ModelInfoTest, WhatIsWrongWithAFileIsNoMatterOfACoordinator) {
  const std::string path =
      std::string(FEDGE_SOURCE_DIR) + "/tests/golden/archive/torch-2.13/complex.pt";
  const Ran ran = Fedctl({"model", "info", path});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, StartsWith("fedctl: " + path + ": record 'data.pkl'"));
}

TEST(AddressTest, OneThatIsNoneIsWrongUsage) {
  for (const char* const wrong : {"localhost", "localhost:http", "::1:8470", "host:99999"}) {
    const Ran ran = Fedctl({"status", "--coordinator", wrong});
    EXPECT_EQ(ran.code, 2) << wrong;
    EXPECT_THAT(ran.err, HasSubstr(std::string("--coordinator: '") + wrong +
                                   "' is no address; it is HOST:PORT"));
  }
}

TEST(UnreachableTest, EveryCommandExitsWithThreeAndSaysWhatToDo) {
  std::string address;
  {
    FakeAdmin gone;
    address = gone.address();
  }
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"rounds", "list"},
                                             {"rounds", "show", "1"},
                                             {"clients", "list"},
                                             {"clients", "show", "a"},
                                             {"abort-round"},
                                             {"reset"},
                                             {"wait"},
                                             {"events"},
                                             {"events", "-f"},
                                             {"model", "export", "-o", "/nowhere/x.pt"},
                                             {"start-round", "--clients", "2"}}) {
    if (command[0] == "model") continue;
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"--coordinator", address});
    const Ran ran = Fedctl(arguments);
    EXPECT_EQ(ran.code, 3) << command[0];
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, StartsWith("fedctl: no coordinator at " + address + ": "));
    EXPECT_THAT(ran.err, HasSubstr("fl-coordinator --model model.pt --state-dir state"));
    EXPECT_THAT(ran.err, HasSubstr("--local"));
  }
}

TEST(UsageTest, EveryCommandHasHelpWithExamplesAndExitStatus) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"start-round"},
                                             {"status"},
                                             {"rounds", "list"},
                                             {"rounds", "show"},
                                             {"clients", "list"},
                                             {"clients", "show"},
                                             {"abort-round"},
                                             {"reset"},
                                             {"wait"},
                                             {"events"},
                                             {"model", "export"},
                                             {"model", "info"}}) {
    std::vector<std::string> arguments = command;
    arguments.emplace_back("--help");
    const Ran ran = Fedctl(arguments);
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.out, HasSubstr("\nExamples:\n")) << command[0];
    EXPECT_THAT(ran.out, HasSubstr("3  cannot reach the server"));
    EXPECT_THAT(ran.out, HasSubstr("--json"));
  }
}

}  // namespace
}  // namespace fedge::fedctl
