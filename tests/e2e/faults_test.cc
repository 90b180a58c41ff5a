#include <csignal>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "cluster.h"
#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"
#include "rogue_client.h"

namespace fedge::testing {
namespace {

std::vector<std::string> PartOfDigits(int index, int count) {
  return {"--data",
          "digits",
          "--partition",
          "iid",
          "--num-partitions",
          std::to_string(count),
          "--partition-index",
          std::to_string(index),
          "--id",
          "site-" + std::to_string(index),
          "--label",
          "kind=real"};
}

std::uint64_t PayloadBytes(const Cluster& cluster) {
  return BuildManifest(*Archive::Open(cluster.model_path()))->payload_bytes;
}

TEST(FaultsE2eTest, ARoundEndsWithoutAKilledClient) {
  Cluster cluster;
  cluster.StartCoordinator();
  for (int i = 0; i < 3; ++i) cluster.StartClient("client", PartOfDigits(i, 4));
  RogueClient silent(cluster.address(),
                     "silent");  // joins, takes its task, and is never heard of again
  ASSERT_TRUE(silent.Join());
  ASSERT_TRUE(cluster.WaitForClients(4));
  const auto run = cluster.StartFedctl(
      {"start-round", "--clients", "4", "--min-clients", "3", "--deadline", "4s"});
  ASSERT_TRUE(silent.WaitForTask());
  ASSERT_EQ(run->Wait(), 0) << run->Err();
  const auto round = cluster.FedctlJson({"rounds", "show", "1"});
  ASSERT_TRUE(round.IsObject());
  EXPECT_EQ(round["accepted"].GetUint64(), 3U);

  // What it sends now is late, and said to be.
  const v1::SubmitResponse answer = silent.Submit(std::string(PayloadBytes(cluster), '\0'));
  EXPECT_EQ(answer.outcome(), v1::SubmitResponse::LATE) << answer.reason();
}

TEST(FaultsE2eTest, ARoundEndsWithoutAClientThatIsKilledWhileItTrains) {
  Cluster cluster;
  cluster.StartCoordinator();
  for (int i = 0; i < 2; ++i) cluster.StartClient("client", PartOfDigits(i, 3));
  Process& victim = cluster.StartClient("victim", PartOfDigits(2, 3));
  ASSERT_TRUE(cluster.WaitForClients(3));
  // Enough epochs for it to be in the middle of them.
  const auto run =
      cluster.StartFedctl({"start-round", "--clients", "3", "--min-clients", "2", "--epochs", "300",
                           "--batch-size", "4", "--deadline", "30s"});
  while (true) {
    const auto status = cluster.FedctlJson({"status"});
    ASSERT_TRUE(status.IsObject());
    if (status["round"].IsObject() && status["round"]["training"].GetUint64() == 3) break;
    ASSERT_TRUE(run->running()) << run->Err();
  }
  victim.Signal(SIGKILL);
  ASSERT_EQ(run->Wait(), 0) << run->Err();
  const auto round = cluster.FedctlJson({"rounds", "show", "1"});
  ASSERT_TRUE(round.IsObject());
  EXPECT_EQ(round["accepted"].GetUint64(), 2U);
}

TEST(FaultsE2eTest, RubbishIsRefusedWithItsReasonAndTheRoundGoesOn) {
  Cluster cluster;
  cluster.StartCoordinator();
  for (int i = 0; i < 3; ++i) cluster.StartClient("client", PartOfDigits(i, 3));
  RogueClient rogue(cluster.address(), "rogue");
  ASSERT_TRUE(rogue.Join());
  ASSERT_TRUE(cluster.WaitForClients(4));
  const auto run = cluster.StartFedctl({"start-round", "--clients", "4", "--deadline", "60s"});
  ASSERT_TRUE(rogue.WaitForTask());
  std::string payload(PayloadBytes(cluster), '\0');
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(payload.data() + 64, &nan, sizeof nan);
  const v1::SubmitResponse answer = rogue.Submit(payload);
  EXPECT_EQ(answer.outcome(), v1::SubmitResponse::REFUSED);
  EXPECT_FALSE(answer.reason().empty());
  ASSERT_EQ(run->Wait(), 0) << run->Err();

  const auto round = cluster.FedctlJson({"rounds", "show", "1"});
  EXPECT_EQ(round["accepted"].GetUint64(), 3U);
  EXPECT_EQ(round["refused"].GetUint64(), 1U);
  const auto client = cluster.FedctlJson({"clients", "show", "rogue"});
  EXPECT_STREQ(client["last_refusal"].GetString(), answer.reason().c_str());
}

TEST(FaultsE2eTest, AnUpdateFromAClientThatWasNotAskedIsRefused) {
  Cluster cluster;
  cluster.StartCoordinator();
  cluster.StartClient("client", {"--data", "digits", "--id", "asked", "--label", "site=here"});
  RogueClient rogue(cluster.address(), "rogue");
  ASSERT_TRUE(rogue.Join());
  ASSERT_TRUE(cluster.WaitForClients(2));
  ASSERT_EQ(cluster.Fedctl({"start-round", "--clients", "1", "--where", "site=here"}).status, 0);
  const std::string payload(PayloadBytes(cluster), '\0');
  v1::SubmitHeader header = rogue.Header(payload);
  header.set_task_id("1:rogue");
  header.set_run(1);
  header.set_round(1);
  grpc::Status status;
  const v1::SubmitResponse answer = rogue.Submit(header, payload, status);
  EXPECT_TRUE(!status.ok() || answer.outcome() == v1::SubmitResponse::REFUSED)
      << answer.ShortDebugString();
}

TEST(FaultsE2eTest, AStoppedCoordinatorGoesOnWithTheSameRound) {
  Cluster cluster;
  cluster.StartCoordinator();
  for (int i = 0; i < 2; ++i) cluster.StartClient("client", PartOfDigits(i, 2));
  RogueClient slow(cluster.address(), "slow");
  ASSERT_TRUE(slow.Join());
  ASSERT_TRUE(cluster.WaitForClients(3));
  ASSERT_EQ(
      cluster.Fedctl({"start-round", "--clients", "3", "--deadline", "5m", "--detach"}).status, 0);
  ASSERT_TRUE(slow.WaitForTask());
  const auto accepted = [&] {
    const auto round = cluster.FedctlJson({"rounds", "show", "1"});
    return round.IsObject() ? round["accepted"].GetUint64() : 0;
  };
  while (accepted() < 2) {
  }
  cluster.coordinator().Signal(SIGKILL);
  ASSERT_EQ(cluster.coordinator().Wait(), 128 + SIGKILL);

  cluster.StartCoordinator();
  EXPECT_EQ(accepted(), 2U);  // accepted before the kill, and not asked for again
  RogueClient back(cluster.address(), "slow");
  ASSERT_TRUE(back.Join());
  ASSERT_TRUE(back.WaitForTask());
  EXPECT_EQ(back.task().task_id(), slow.task().task_id());
  EXPECT_EQ(back.Submit(std::string(PayloadBytes(cluster), '\0')).outcome(),
            v1::SubmitResponse::ACCEPTED);
  EXPECT_EQ(cluster.Fedctl({"wait"}).status, 0);
  ASSERT_EQ(
      cluster.Fedctl({"start-round", "--clients", "2", "--rounds", "2", "--where", "kind=real"})
          .status,
      0);  // the clients reconnected
}

TEST(FaultsE2eTest, TheCoordinatorDrainsOnSigterm) {
  Cluster cluster;
  cluster.StartCoordinator();
  cluster.StartClient("clients", {"--data", "digits", "--virtual", "5", "--partition", "iid"});
  ASSERT_TRUE(cluster.WaitForClients(5));
  cluster.coordinator().Signal(SIGTERM);
  EXPECT_EQ(cluster.coordinator().Wait(std::chrono::seconds(6)), 0);
}

TEST(FaultsE2eTest, AClientLeavesOnSigterm) {
  Cluster cluster;
  cluster.StartCoordinator();
  Process& client = cluster.StartClient("client", PartOfDigits(0, 1));
  ASSERT_TRUE(cluster.WaitForClients(1));
  client.Signal(SIGTERM);
  EXPECT_EQ(client.Wait(std::chrono::seconds(10)), 0) << client.Err();
}

TEST(FaultsE2eTest, AbortStopsTheRunAndResetBringsItBack) {
  Cluster cluster;
  cluster.StartCoordinator();
  RogueClient silent(cluster.address(), "silent");
  ASSERT_TRUE(silent.Join());
  ASSERT_TRUE(cluster.WaitForClients(1));
  const auto run = cluster.StartFedctl({"start-round", "--clients", "1"});
  ASSERT_TRUE(silent.WaitForTask());
  ASSERT_EQ(cluster.Fedctl({"abort-round"}).status, 0);
  EXPECT_EQ(run->Wait(), 1);
  EXPECT_NE(run->Err().find("abort"), std::string::npos) << run->Err();
  EXPECT_EQ(cluster.Fedctl({"start-round", "--clients", "1"}).status, 1);  // not before a reset
  EXPECT_EQ(cluster.Fedctl({"reset"}).status, 0);
  EXPECT_STREQ(cluster.FedctlJson({"status"})["phase"].GetString(), "COMPLETED");
}

}  // namespace
}  // namespace fedge::testing
