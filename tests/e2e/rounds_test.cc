#include <filesystem>

#include <gtest/gtest.h>

#include "cluster.h"
#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"
#include "fedge/common/file.h"
#include "fedge/common/hash.h"

namespace fedge::testing {
namespace {

Digest DigestOf(const std::string& path) {
  const auto content = ReadFile(path);
  return content.ok() ? Sha256::Of(AsBytes(*content)) : Digest{};
}

TEST(RoundsE2eTest, FiftyVirtualClientsLearnTheDigits) {
  Cluster cluster;
  cluster.StartCoordinator();
  cluster.StartClient("clients", {"--data", "digits", "--virtual", "50", "--partition", "iid"});
  cluster.StartClient("evaluator", {"--data", "digits", "--role", "evaluator"});
  ASSERT_TRUE(cluster.WaitForClients(51));
  const Finished run =
      cluster.Fedctl({"start-round", "--clients", "50", "--rounds", "10", "--epochs", "5",
                      "--batch-size", "4", "--lr", "0.3", "--seed", "1"});
  ASSERT_EQ(run.status, 0) << run.err;

  const auto rounds = cluster.FedctlJson({"rounds", "list"});
  ASSERT_TRUE(rounds.IsObject());
  ASSERT_EQ(rounds["rounds"].Size(), 10U);
  const auto& newest = rounds["rounds"][0];
  EXPECT_EQ(newest["accepted"].GetUint64(), 50U);
  EXPECT_EQ(newest["num_examples"].GetUint64(), 1437U);  // every training example, once
  EXPECT_GE(newest["evaluation"]["accuracy"].GetDouble(), 0.93);
  EXPECT_EQ(newest["evaluation"]["num_examples"].GetUint64(), 360U);

  const auto global = Archive::Open(cluster.global_path());
  ASSERT_TRUE(global.ok()) << global.status().ToString();
  EXPECT_TRUE(global->Verify().ok());
  EXPECT_EQ(BuildManifest(*global)->num_parameters, 2410U);
}

TEST(RoundsE2eTest, TheSplitOverProcessesChangesNoByte) {
  // The same four clients: all in one process with two workers, or four processes with one worker
  // each.
  const auto run = [](const std::vector<std::vector<std::string>>& processes) {
    Cluster cluster;
    cluster.StartCoordinator();
    for (const auto& flags : processes) cluster.StartClient("client", flags);
    EXPECT_TRUE(cluster.WaitForClients(4));
    EXPECT_EQ(cluster
                  .Fedctl({"start-round", "--clients", "4", "--rounds", "2", "--seed", "3", "--lr",
                           "0.2"})
                  .status,
              0);
    return DigestOf(cluster.global_path());
  };
  const Digest together = run({{"--data", "digits", "--virtual", "4", "--partition", "iid", "--id",
                                "c", "--workers", "2"}});
  std::vector<std::vector<std::string>> apart;
  for (int i = 0; i < 4; ++i) {
    const std::string index = std::to_string(i);
    apart.push_back({"--data", "digits", "--partition", "iid", "--num-partitions", "4",
                     "--partition-index", index, "--id", "c-00" + index, "--workers", "1"});
  }
  EXPECT_EQ(run(apart).Hex(), together.Hex());
}

TEST(RoundsE2eTest, EndsEarlyWhenTheGoalIsReached) {
  Cluster cluster;
  cluster.StartCoordinator();
  cluster.StartClient("clients", {"--data", "digits", "--virtual", "10", "--partition", "iid"});
  cluster.StartClient("evaluator", {"--data", "digits", "--role", "evaluator"});
  ASSERT_TRUE(cluster.WaitForClients(11));
  const Finished run =
      cluster.Fedctl({"start-round", "--clients", "10", "--rounds", "50", "--epochs", "5",
                      "--batch-size", "10", "--lr", "0.3", "--until", "accuracy>=0.9"});
  ASSERT_EQ(run.status, 0) << run.err;
  const auto rounds = cluster.FedctlJson({"rounds", "list"});
  EXPECT_LT(rounds["rounds"].Size(), 50U);
  EXPECT_GE(rounds["rounds"][0]["evaluation"]["accuracy"].GetDouble(), 0.9);
}

TEST(RoundsE2eTest, LocalModeNeedsNoServerAndCleansUp) {
  const TempDirectory folder;
  const TempDirectory temporary;
  const std::string output = folder.File("out.pt");
  const Finished run = RunProgram(
      {ProgramPath("fedctl"), "start-round", "--local", "--clients", "8", "--rounds", "2", "-o",
       output},
      {.folder = folder.path(), .name = "fedctl", .environment = {"TMPDIR=" + temporary.path()}});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(Archive::Open(output).ok());
  EXPECT_TRUE(std::filesystem::is_empty(temporary.path()));
}

TEST(RoundsE2eTest, LabelsChooseTheCohort) {
  Cluster cluster;
  cluster.StartCoordinator();
  cluster.StartClient("eu", {"--data", "digits", "--virtual", "3", "--partition", "iid", "--id",
                             "eu", "--label", "site=eu"});
  cluster.StartClient("us", {"--data", "digits", "--virtual", "3", "--partition", "iid", "--id",
                             "us", "--label", "site=us"});
  ASSERT_TRUE(cluster.WaitForClients(6));
  ASSERT_EQ(cluster.Fedctl({"start-round", "--clients", "3", "--where", "site=eu"}).status, 0);
  const auto round = cluster.FedctlJson({"rounds", "show", "1"});
  ASSERT_TRUE(round.IsObject());
  ASSERT_EQ(round["tasks"].Size(), 3U);
  for (const auto& task : round["tasks"].GetArray()) {
    EXPECT_EQ(std::string(task["client_id"].GetString()).substr(0, 2), "eu");
  }
}

TEST(RoundsE2eTest, DetachedRunsAreWaitedForAndExported) {
  Cluster cluster;
  cluster.StartCoordinator();
  cluster.StartClient("clients", {"--data", "digits", "--virtual", "4", "--partition", "iid"});
  ASSERT_TRUE(cluster.WaitForClients(4));
  ASSERT_EQ(cluster.Fedctl({"start-round", "--clients", "4", "--rounds", "3", "--detach"}).status,
            0);
  ASSERT_EQ(cluster.Fedctl({"wait"}).status, 0);
  ASSERT_EQ(
      cluster.Fedctl({"model", "export", "--round", "2", "-o", cluster.File("two.pt")}).status, 0);
  ASSERT_EQ(cluster.Fedctl({"model", "export", "-o", cluster.File("newest.pt")}).status, 0);
  EXPECT_EQ(DigestOf(cluster.File("newest.pt")).Hex(), DigestOf(cluster.global_path()).Hex());
  EXPECT_NE(DigestOf(cluster.File("two.pt")).Hex(), DigestOf(cluster.global_path()).Hex());
  const Finished info = cluster.Run("fedctl", {"model", "info", cluster.File("two.pt")});
  EXPECT_EQ(info.status, 0) << info.err;
  EXPECT_NE(info.out.find("2,410"), std::string::npos) << info.out;
}

}  // namespace
}  // namespace fedge::testing
