#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cluster.h"
#include "fedge/common/file.h"
#include "fedge/common/hash.h"

namespace fedge::testing {
namespace {

void Write(const std::string& path, std::string_view content) {
  ASSERT_TRUE(WriteFileAtomically(PosixFileSystem(), path, AsBytes(content)).ok());
}

// One line or a few on stderr that name what is wrong; nothing of a crash.
void ExpectClearError(const Finished& finished, int status, const std::string& text) {
  EXPECT_EQ(finished.status, status) << finished.err;
  EXPECT_NE(finished.err.find(text), std::string::npos)
      << "wanted '" << text << "' in: " << finished.err;
  for (const char* trace : {"Exception raised from", "frame #", "terminate called", "Traceback"}) {
    EXPECT_EQ(finished.err.find(trace), std::string::npos) << finished.err;
  }
}

TEST(BadInputE2eTest, NoCoordinatorIsExitCodeThreeAndSaysWhatToDo) {
  Cluster cluster;
  const Finished status = cluster.Run("fedctl", {"--coordinator", "127.0.0.1:1", "status"});
  ExpectClearError(status, 3, "127.0.0.1:1");
  EXPECT_NE(status.err.find("fl-coordinator"), std::string::npos);
  EXPECT_NE(status.err.find("--local"), std::string::npos);
}

TEST(BadInputE2eTest, UnknownConfigurationKeysAreNamed) {
  Cluster cluster;
  Write(cluster.File("coordinator.toml"), "lisen = \"127.0.0.1:0\"\n");
  ExpectClearError(cluster.Run("fl-coordinator",
                               {"--model", cluster.model_path(), "--state-dir", cluster.state_dir(),
                                "--config", cluster.File("coordinator.toml")}),
                   2, "lisen");
}

TEST(BadInputE2eTest, FlagsOutOfRangeAreWrongUsage) {
  Cluster cluster;
  ExpectClearError(cluster.Run("fedctl", {"start-round", "--clients", "0"}), 2, "--clients");
  ExpectClearError(cluster.Run("fedctl", {"start-round", "--clients", "5", "--over-select", "0.5"}),
                   2, "--over-select");
  ExpectClearError(cluster.Run("fedctl", {"start-round", "--clients", "5", "--lr", "-1"}), 2,
                   "--lr");
  ExpectClearError(cluster.Run("fedctl", {"start-round", "--clients", "5", "--until", "speed>3"}),
                   2, "--until");
  ExpectClearError(cluster.Run("fedctl", {"start-rounds"}), 2, "start-round");
  ExpectClearError(cluster.Run("fl-client", {"--coordinator", "127.0.0.1:1", "--data", "digit"}), 2,
                   "digits");
  ExpectClearError(cluster.Run("fl-client", {"--coordinator", "127.0.0.1:1", "--data", "digits",
                                             "--virtual", "5", "--partition", "diriclet:0.3"}),
                   2, "dirichlet");
}

TEST(BadInputE2eTest, AModelThatIsNoTorchScriptIsRefused) {
  Cluster cluster;
  Write(cluster.File("text.pt"), "this is no model");
  const auto start = [&](const std::string& model) {
    return cluster.Run("fl-coordinator", {"--model", model, "--state-dir", cluster.state_dir(),
                                          "--listen", "127.0.0.1:0", "--http", "off"});
  };
  ExpectClearError(start(cluster.File("text.pt")), 1, "text.pt");
  ExpectClearError(start(cluster.File("missing.pt")), 1, "missing.pt");
}

// A changed bit of a weight would otherwise be trained, and the result look sound.
TEST(BadInputE2eTest, ADamagedModelIsRefusedBeforeAFolderIsMade) {
  Cluster cluster;
  std::string model = ReadFile(cluster.model_path()).value();
  model[model.size() / 2] = static_cast<char>(model[model.size() / 2] ^ 1);
  Write(cluster.File("damaged.pt"), model);
  ExpectClearError(cluster.Run("fl-coordinator",
                               {"--model", cluster.File("damaged.pt"), "--state-dir",
                                cluster.state_dir(), "--listen", "127.0.0.1:0", "--http", "off"}),
                   1, "the file is damaged");
  EXPECT_FALSE(std::filesystem::exists(cluster.state_dir()));
}

TEST(BadInputE2eTest, AClientOutlivesTheReaderOfItsLog) {
  Cluster cluster;
  const std::string command = "{ '" + ProgramPath("fl-client") +
                              "' --coordinator 127.0.0.1:1 --reconnect 1s --data digits" +
                              " --virtual 2 2>&1; echo $? >'" + cluster.File("code") +
                              "'; } | true";
  RunProgram({"/bin/sh", "-c", command}, {.folder = cluster.File("."), .name = "pipe"});
  EXPECT_EQ(ReadFile(cluster.File("code")).value(), "3\n");
}

TEST(BadInputE2eTest, BeyondLoopbackOnlyWithInsecure) {
  Cluster cluster;
  ExpectClearError(cluster.Run("fl-coordinator", {"--model", cluster.model_path(), "--state-dir",
                                                  cluster.state_dir(), "--listen", "0.0.0.0:0"}),
                   2, "--insecure");
}

TEST(BadInputE2eTest, APortInUseAndALockedStateAreNamed) {
  Cluster cluster;
  cluster.StartCoordinator();
  ExpectClearError(cluster.Run("fl-coordinator", {"--model", cluster.model_path(), "--state-dir",
                                                  cluster.File("other"), "--listen",
                                                  cluster.address(), "--http", "off"}),
                   1, cluster.address());
  ExpectClearError(cluster.Run("fl-coordinator",
                               {"--model", cluster.model_path(), "--state-dir", cluster.state_dir(),
                                "--listen", "127.0.0.1:0", "--http", "off"}),
                   1, "state");
}

TEST(BadInputE2eTest, MoreClientsThanExistSaysHowManyAreMissing) {
  Cluster cluster;
  cluster.StartCoordinator();
  cluster.StartClient("clients", {"--data", "digits", "--virtual", "3", "--partition", "iid"});
  ASSERT_TRUE(cluster.WaitForClients(3));
  ExpectClearError(cluster.Fedctl({"start-round", "--clients", "5", "--deadline", "1s"}), 1,
                   "3 of the 5");
}

TEST(BadInputE2eTest, ARoundWhoseClientsAllDivergeFailsAndTellsWhy) {
  Cluster cluster;
  cluster.StartCoordinator();
  cluster.StartClient("clients", {"--data", "digits", "--virtual", "3", "--partition", "iid"});
  ASSERT_TRUE(cluster.WaitForClients(3));
  // A learning rate that makes every client diverge: no update at all, so the round fails, with the
  // reason.
  ExpectClearError(
      cluster.Fedctl({"start-round", "--clients", "3", "--epochs", "20", "--batch-size", "5",
                      "--lr", "1000000", "--weight-decay", "1000000"}),
      1, "loss");
  const auto round = cluster.FedctlJson({"rounds", "show", "1"});
  ASSERT_TRUE(round.IsObject());
  EXPECT_GE(round["refused"].GetUint64(), 2U);  // with two of three the quorum is out of reach
  int told = 0;
  for (const auto& task : round["tasks"].GetArray()) {
    if (task["reason"].IsString() &&
        std::string(task["reason"].GetString()).find("loss") != std::string::npos)
      ++told;
  }
  EXPECT_GE(told, 2);
  // Nothing is lost: after a reset the next run works.
  ASSERT_EQ(cluster.Fedctl({"reset"}).status, 0);
  EXPECT_EQ(cluster.Fedctl({"start-round", "--clients", "3"}).status, 0);
}

TEST(BadInputE2eTest, ANanLossIsReportedAndTheRoundGoesOnWithoutIt) {
  Cluster cluster;
  cluster.StartCoordinator();
  cluster.StartClient("good", {"--data", "digits", "--virtual", "2", "--partition", "iid"});
  // Numbers that overflow in the first layer.
  std::string csv;
  for (int column = 0; column < 64; ++column) csv += fmt::format("x{},", column);
  csv += "y\n";
  for (int row = 0; row < 20; ++row) {
    for (int column = 0; column < 64; ++column) csv += column % 2 == 0 ? "3e38," : "-3e38,";
    csv += fmt::format("{}\n", row % 10);
  }
  Write(cluster.File("broken.csv"), csv);
  Process& client =
      cluster.StartClient("broken", {"--data", "csv", "--data-file", cluster.File("broken.csv"),
                                     "--label-column", "y", "--id", "broken"});
  ASSERT_TRUE(cluster.WaitForClients(3));
  const Finished run = cluster.Fedctl({"start-round", "--clients", "3", "--min-clients", "2"});
  EXPECT_EQ(run.status, 0) << run.err;
  const auto round = cluster.FedctlJson({"rounds", "show", "1"});
  ASSERT_TRUE(round.IsObject());
  EXPECT_EQ(round["accepted"].GetUint64(), 2U);
  EXPECT_EQ(round["refused"].GetUint64(), 1U);
  EXPECT_EQ(round["failed"].GetUint64(), 0U);
  EXPECT_STREQ(round["tasks"][0]["client_id"].GetString(), "broken");
  EXPECT_STREQ(round["tasks"][0]["refusal"].GetString(), "not-finite");
  // The operator and the client read the same, and a NaN has no sign.
  const std::string reason = round["tasks"][0]["reason"].GetString();
  EXPECT_EQ(reason.rfind("the loss is ", 0), 0U) << reason;
  EXPECT_TRUE(client.WaitForText("task refused client=broken task=1:broken round=1: " + reason));
  EXPECT_NE(cluster.Fedctl({"clients", "list"}).out.find("1 (not-finite)"), std::string::npos);
  const std::string shown = cluster.Fedctl({"rounds", "show", "1"}).out;
  EXPECT_NE(shown.find("refused: not-finite"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("-nan"), std::string::npos) << shown;
}

TEST(BadInputE2eTest, DataThatDoNotFitTheModelAreNamedWithBothShapes) {
  Cluster cluster("2nn");  // wants 784 features; digits have 64
  cluster.StartCoordinator();
  Process& client =
      cluster.StartClient("clients", {"--data", "digits", "--virtual", "2", "--partition", "iid"});
  ASSERT_TRUE(cluster.WaitForClients(2));
  ExpectClearError(cluster.Fedctl({"start-round", "--clients", "2"}), 1, "[N, 1, 8, 8]");
  EXPECT_TRUE(client.WaitForText("784")) << client.Err();
}

TEST(BadInputE2eTest, MissingDataFilesAreNamedWithWhatWasExpected) {
  Cluster cluster;
  const Finished run = cluster.Run("fl-client", {"--coordinator", "127.0.0.1:1", "--data", "mnist",
                                                 "--data-dir", cluster.File(".")});
  ExpectClearError(run, 1, "train-images-idx3-ubyte");
}

TEST(BadInputE2eTest, NewModelKeepsWhatIsThere) {
  Cluster cluster;
  ExpectClearError(
      cluster.Run("fl-client", {"new-model", "--arch", "2nn", "-o", cluster.model_path()}), 1,
      "--force");
  ExpectClearError(
      cluster.Run("fl-client", {"new-model", "--arch", "resnet", "-o", cluster.File("x.pt")}), 2,
      "resnet20");
}

}  // namespace
}  // namespace fedge::testing
