// Real clients that train over a network which cuts, delays and damages, with a coordinator that is
// killed on the way: the rounds end, and with the bytes of those that nothing disturbed.
#include <csignal>

#include <gtest/gtest.h>

#include "cluster.h"
#include "fedge/common/file.h"
#include "fedge/testing/chaos_proxy.h"

namespace fedge::testing {
namespace {

const std::vector<std::string> kClients = {
    "--data", "digits", "--virtual", "6", "--partition", "iid", "--id", "c", "--workers", "2"};
const std::vector<std::string> kRounds = {
    "start-round", "--clients", "6",        "--rounds", "4",          "--seed", "5",
    "--lr",        "0.2",       "--epochs", "3",        "--deadline", "2m"};

std::string GlobalModel(const Cluster& cluster) {
  const auto content = ReadFile(cluster.global_path());
  return content.ok() ? *content : std::string();
}

std::string Undisturbed() {
  Cluster cluster("mlp:64,512,10");
  cluster.StartCoordinator();
  cluster.StartClient("clients", kClients);
  EXPECT_TRUE(cluster.WaitForClients(6));
  EXPECT_EQ(cluster.Fedctl(kRounds).status, 0);
  return GlobalModel(cluster);
}

TEST(NetworkE2eTest, ABadNetworkAndAKilledCoordinatorChangeNoByteOfTheResult) {
  const std::string expected = Undisturbed();
  ASSERT_FALSE(expected.empty());

  Cluster cluster("mlp:64,512,10");
  cluster.StartCoordinator();
  // A round moves about 0.9 MB each way.
  ChaosProxy proxy(cluster.address(), {.seed = 11,
                                       .bytes_per_cut = 600'000,
                                       .bytes_per_flip = 900'000,
                                       .bytes_per_stall = 300'000,
                                       .max_connect_delay_ms = 20,
                                       .split_writes = true});
  cluster.ConnectClientsTo(proxy.address());
  cluster.StartClient("clients", kClients);
  ASSERT_TRUE(cluster.WaitForClients(6));
  const auto run = cluster.StartFedctl(kRounds);
  while (cluster.FedctlJson({"rounds", "list"})["rounds"].Size() < 2) {
    ASSERT_TRUE(run->running()) << run->Err();
  }
  cluster.coordinator().Signal(SIGKILL);
  cluster.coordinator().Wait();
  cluster.StartCoordinator();
  EXPECT_EQ(run->Wait(), 0) << run->Err();
  EXPECT_EQ(GlobalModel(cluster), expected);
  EXPECT_GT(proxy.counts().cuts, 0U);
  EXPECT_GT(proxy.counts().flips, 0U);
}

}  // namespace
}  // namespace fedge::testing
