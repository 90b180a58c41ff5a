// Rounds over a network that cuts, delays, reorders, splits and damages: they end, and with the
// same bytes as over one that does not. Transfers that are cut go on where they were.
#include <chrono>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "fedge/common/log.h"
#include "fedge/coordinator_rpc/server.h"
#include "fedge/rpc/transport.h"
#include "fedge/testing/chaos_proxy.h"
#include "fedge/testing/fake_clients.h"
#include "fedge/testing/temp_directory.h"
#include "fedge/testing/tiny_model.h"
#include "fedge/v1/admin.grpc.pb.h"

namespace fedge::testing {
namespace {

constexpr std::uint64_t kMegabyte = 1u << 20;

// What lies in buffers on both sides when a connection is cut: a stream's window, a chunk, the
// sockets' and the proxy's.
constexpr std::uint64_t kInFlight = 3 * kMegabyte;

// A coordinator with the real clock on a port of its own, and a model of `parameters` numbers.
class Rounds {
 public:
  explicit Rounds(std::size_t parameters) {
    log::SetLevel(log::Level::kOff);
    const std::string model = TinyModel({{.name = "weight",
                                          .dtype = DType::kFloat32,
                                          .shape = {static_cast<std::int64_t>(parameters)},
                                          .bytes = std::string(4 * parameters, '\0')}});
    FEDGE_CHECK(
        WriteFileAtomically(PosixFileSystem(), directory_.File("model.pt"), AsBytes(model)).ok());
    ServerOptions options;
    options.state_dir = directory_.File("state");
    options.model = directory_.File("model.pt");
    options.listen = {.host = "127.0.0.1", .port = 0};
    options.runtime.poll_hold = Duration(500);
    options.runtime.retry_after = Duration(20);
    options.runtime.upload_hold = Duration(500);
    options.runtime.upload_claim = Duration(200);
    options.runtime.transfer_stall = Duration(2'000);
    options.runtime.first_message_limit = Duration(1'000);
    options.runtime.disconnect_grace = Duration(2'000);
    server_ = CoordinatorServer::Start(options).value();
    admin_ = v1::Admin::NewStub(
        CreateChannel(server_->address(), {.credentials = nullptr, .own_connection = true}));
  }

  const std::string& address() const { return server_->address(); }
  CoordinatorServer& server() { return *server_; }
  std::string cache_folder() { return directory_.path(); }

  // Runs them with that many clients; the last round's record.
  v1::RoundSummary Run(std::uint32_t clients, std::uint32_t rounds) {
    v1::StartRunRequest request;
    v1::RunPlan& plan = *request.mutable_plan();
    plan.set_num_clients(clients);
    plan.set_num_rounds(rounds);
    plan.set_over_select(1);
    plan.set_deadline_ms(240'000);
    plan.set_learning_rate_decay(1);
    plan.mutable_train()->set_epochs(1);
    plan.mutable_train()->set_optimizer("sgd");
    plan.mutable_train()->set_learning_rate(0.1);
    plan.mutable_train()->set_seed(7);
    grpc::ClientContext start;
    v1::StartRunResponse started;
    const grpc::Status status = admin_->StartRun(&start, request, &started);
    EXPECT_TRUE(status.ok()) << status.error_message();
    grpc::ClientContext context;
    v1::WatchRequest watch;
    watch.set_run(started.run());
    const auto reader = admin_->Watch(&context, watch);
    v1::WatchResponse message;
    v1::RoundSummary last;
    while (reader->Read(&message)) last = message.status().round();
    EXPECT_TRUE(reader->Finish().ok());
    EXPECT_EQ(last.phase(), v1::COMPLETED) << last.error();
    EXPECT_EQ(last.index_in_run(), rounds);
    EXPECT_EQ(last.tasks().accepted(), clients);
    return last;
  }

 private:
  TempDirectory directory_;
  std::unique_ptr<CoordinatorServer> server_;
  std::unique_ptr<v1::Admin::Stub> admin_;
};

struct Outcome {
  v1::RoundSummary last;
  ChaosProxy::Counts counts;
};

Outcome RunThrough(const ChaosOptions& chaos, std::size_t parameters, std::uint32_t clients,
                   std::uint32_t num_rounds, std::size_t connections = 2) {
  Rounds rounds(parameters);
  ChaosProxy proxy(rounds.address(), chaos);
  FakeClientsOptions options{
      .target = proxy.address(), .clients = clients, .cache_folder = rounds.cache_folder()};
  options.transport.connections = connections;
  FakeClients fleet(options);
  Outcome outcome;
  outcome.last = rounds.Run(clients, num_rounds);
  outcome.counts = proxy.counts();
  return outcome;
}

TEST(ChaosTest, RoundsEndWithTheSameBytes) {
  constexpr std::size_t kParameters = 2'500;
  const Outcome calm = RunThrough({}, kParameters, 6, 4);
  const char* asked = std::getenv("FEDGE_CHAOS_SEEDS");
  const std::uint64_t seeds = asked != nullptr ? std::strtoull(asked, nullptr, 10) : 3;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Outcome wild = RunThrough({.seed = seed,
                                     .bytes_per_cut = 60'000,
                                     .bytes_per_flip = 25'000,
                                     .bytes_per_stall = 20'000,
                                     .max_stall_ms = 10,
                                     .max_connect_delay_ms = 10,
                                     .split_writes = true},
                                    kParameters, 6, 4);
    EXPECT_GT(wild.counts.cuts + wild.counts.flips, 0U);
    EXPECT_EQ(wild.last.model_digest(), calm.last.model_digest()) << "seed " << seed;
    EXPECT_EQ(wild.last.model_crc32(), calm.last.model_crc32());
    EXPECT_EQ(wild.last.num_examples(), calm.last.num_examples());
  }
}

TEST(ChaosTest, AModelIsFetchedOncePerContentByAllClientsOfAProcess) {
  constexpr std::size_t kParameters = 250'000;
  const Outcome outcome = RunThrough({}, kParameters, 10, 1);
  const std::uint64_t model = 4 * kParameters;
  EXPECT_GT(outcome.counts.bytes_down, model);
  EXPECT_LT(outcome.counts.bytes_down, 2 * model) << "ten clients, one download";
}

TEST(ChaosTest, ACutUploadGoesOnWhereItWas) {
  constexpr std::size_t kParameters = 4 * kMegabyte;
  constexpr std::uint64_t kPayload = 4 * kParameters;
  const Outcome outcome =
      RunThrough({.cut_up_at = {kPayload * 6 / 8, kPayload}}, kParameters, 1, 1);
  EXPECT_EQ(outcome.counts.cuts, 2U);
  EXPECT_GT(outcome.counts.bytes_up, kPayload);
  EXPECT_LT(outcome.counts.bytes_up, kPayload + 2 * kInFlight) << "not from the beginning";
}

TEST(ChaosTest, ACutDownloadGoesOnWhereItWas) {
  constexpr std::size_t kParameters = 4 * kMegabyte;
  constexpr std::uint64_t kModel = 4 * kParameters;
  const Outcome outcome = RunThrough({.cut_down_at = {kModel * 6 / 8, kModel}}, kParameters, 1, 1);
  EXPECT_EQ(outcome.counts.cuts, 2U);
  EXPECT_GT(outcome.counts.bytes_down, kModel);
  EXPECT_LT(outcome.counts.bytes_down, kModel + 2 * kInFlight) << "not from the beginning";
}

}  // namespace
}  // namespace fedge::testing
