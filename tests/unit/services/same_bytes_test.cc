// The same updates give the same global model: whatever the order of their arrival, how many arrive
// at once, how they are cut, and how often the coordinator is restarted in between.
#include <algorithm>
#include <future>
#include <numeric>

#include <gtest/gtest.h>

#include "fedge/common/random.h"
#include "harness.h"

namespace fedge::testing {
namespace {

constexpr std::uint32_t kClients = 6;

std::string IdOf(std::size_t client) { return fmt::format("client-{}", client); }

// The global model after two rounds of the same updates, brought as `seed` says.
std::string Play(std::uint64_t seed) {
  Random random(seed);
  Harness harness;
  std::map<std::string, std::unique_ptr<TestClient>> clients;
  const auto join = [&] {
    for (std::size_t i = 0; i < kClients; ++i) clients[IdOf(i)] = harness.Join(IdOf(i));
  };
  join();
  harness.StartRun(kClients, 2);
  for (std::uint64_t round = 1; round <= 2; ++round) {
    std::vector<std::size_t> order(kClients);
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = kClients; i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
    for (std::size_t next = 0; next < kClients;) {
      // The next few at once, each cut in its own way.
      const std::size_t end = std::min<std::size_t>(kClients, next + 1 + random.Below(kClients));
      std::vector<std::future<grpc::Status>> uploads;
      for (; next < end; ++next) {
        TestClient& client = *clients[IdOf(order[next])];
        const float x = 0.1F * static_cast<float>(order[next] + 1) / static_cast<float>(round);
        UploadSpec spec =
            client.MakeUpload(client.Poll().train(), harness.Payload({x, -x, 1 / x, 1e-7F}, {x, 3}),
                              7 * order[next] + 1);
        spec.chunk_bytes = 1 + random.Below(spec.payload.size());
        uploads.push_back(std::async(std::launch::async, [&client, spec = std::move(spec)] {
          v1::SubmitResponse response;
          return client.Submit(spec, response);
        }));
      }
      for (auto& upload : uploads) EXPECT_TRUE(upload.get().ok());
      if (random.Below(3) == 0) {
        clients.clear();
        harness.Restart();
        join();
      }
    }
    harness.WaitFor(
        [&](const v1::CoordinatorStatus& status) { return status.model_round() == round; });
  }
  return harness.GlobalModel();
}

TEST(SameBytesTest, OrderThreadsChunksAndRestartsChangeNothing) {
  const std::string expected = Play(0);
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    EXPECT_EQ(Play(seed), expected) << seed;
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace fedge::testing
