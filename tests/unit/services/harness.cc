#include "harness.h"

#include <cstring>
#include <thread>

#include <gtest/gtest.h>

#include "fedge/common/log.h"
#include "fedge/rpc/transport.h"
#include "fedge/testing/connection.h"
#include "fedge/testing/tiny_model.h"

namespace fedge::testing {
namespace {

std::string FloatBytes(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::string MakeModel() {
  return TinyModel({
      {.name = "weight", .dtype = DType::kFloat32, .shape = {4}, .bytes = FloatBytes({1, 2, 3, 4})},
      {.name = "bias", .dtype = DType::kFloat32, .shape = {2}, .bytes = FloatBytes({0.5F, -0.5F})},
      {.name = "count",
       .dtype = DType::kInt64,
       .shape = {},
       .bytes = std::string(8, '\0'),
       .parameter = false,
       .requires_grad = false},
  });
}

}  // namespace

RuntimeOptions Harness::QuickOptions() {
  RuntimeOptions options;
  // The clock of these tests stands still: a cohort that is not complete is waited for by the
  // deadline only.
  options.limits.join_grace = Duration::zero();
  return options;
}

Harness::Harness(RuntimeOptions options, FileSystem& files)
    : options_(options), files_(files), model_bytes_(MakeModel()) {
  log::SetLevel(log::Level::kOff);
  RouteGrpcLog();
  std::string path = directory_.File("model.pt");
  FEDGE_CHECK(WriteFileAtomically(PosixFileSystem(), path, AsBytes(model_bytes_)).ok());
  const Archive archive = Archive::Open(path).value();
  manifest_ = BuildManifest(archive).value();
  Start();
}

Harness::~Harness() = default;

void Harness::Start() {
  ServerOptions options;
  options.state_dir = directory_.File("state");
  options.model = directory_.File("model.pt");
  options.listen = {.host = "127.0.0.1", .port = 0};
  options.http = ListenAddress{.host = "127.0.0.1", .port = 0};
  options.runtime = options_;
  failed_ = {};
  options.on_failure = [this] { failed_.set_value(); };
  auto server = CoordinatorServer::Start(options, files_, &clock_);
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  server_ = std::move(*server);
  channel_ = CreateChannel(server_->address(), {.credentials = nullptr, .own_connection = true});
  admin_ = v1::Admin::NewStub(channel_);
}

void Harness::Stop() { server_.reset(); }

void Harness::Restart() {
  Stop();
  Start();
}

std::unique_ptr<TestClient> Harness::Connect(const std::string& id) {
  return std::make_unique<TestClient>(channel_, id);
}

std::unique_ptr<TestClient> Harness::Join(const std::string& id, v1::Role role) {
  auto client = Connect(id);
  const grpc::Status status = client->Join(role);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return client;
}

std::uint64_t Harness::StartRun(std::uint32_t clients, std::uint32_t rounds,
                                const std::function<void(v1::RunPlan&)>& change) {
  v1::StartRunRequest request;
  v1::RunPlan& plan = *request.mutable_plan();
  plan.set_num_clients(clients);
  plan.set_num_rounds(rounds);
  plan.set_deadline_ms(60'000);
  plan.mutable_train()->set_epochs(1);
  plan.mutable_train()->set_batch_size(8);
  plan.mutable_train()->set_learning_rate(0.1);
  if (change) change(plan);
  grpc::ClientContext context;
  v1::StartRunResponse response;
  const grpc::Status status = admin_->StartRun(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.run();
}

v1::CoordinatorStatus Harness::Status() {
  grpc::ClientContext context;
  v1::CoordinatorStatus response;
  const grpc::Status status = admin_->GetStatus(&context, {}, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

v1::GetRoundResponse Harness::Round(std::uint64_t round) {
  grpc::ClientContext context;
  v1::GetRoundRequest request;
  request.set_round(round);
  v1::GetRoundResponse response;
  const grpc::Status status = admin_->GetRound(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

v1::CoordinatorStatus Harness::WaitFor(
    const std::function<bool(const v1::CoordinatorStatus&)>& condition) {
  while (true) {
    v1::CoordinatorStatus status = Status();
    if (condition(status) || ::testing::Test::HasFailure()) return status;
    std::this_thread::yield();
  }
}

v1::CoordinatorStatus Harness::WaitForPhase(v1::Phase phase) {
  return WaitFor([phase](const v1::CoordinatorStatus& status) { return status.phase() == phase; });
}

std::vector<v1::Event> Harness::Events() {
  grpc::ClientContext context;
  const auto reader = admin_->ListEvents(&context, {});
  std::vector<v1::Event> events;
  v1::Event event;
  while (reader->Read(&event)) events.push_back(event);
  EXPECT_TRUE(reader->Finish().ok());
  return events;
}

void Harness::OnActor(const std::function<void(Actor&)>& look) {
  std::promise<void> done;
  server_->coordinator().Post([&](Actor& actor) {
    look(actor);
    done.set_value();
  });
  done.get_future().wait();
}

void Harness::WaitForParked(std::size_t polls) {
  for (std::size_t parked = polls + 1; parked != polls;) {
    OnActor([&](Actor& actor) { parked = actor.polls().size(); });
  }
}

void Harness::Pass(Duration time) {
  clock_.Advance(time);
  server_->coordinator().Wake();
}

std::string Harness::Http(const std::string& path) const {
  return BodyOf(Get(server_->http_address(), path));
}

double Harness::Metric(const std::string& series) {
  // The actor has ended the batch that answered.
  OnActor([](Actor&) {});
  const std::string page = Http("/metrics");
  const std::size_t line = page.find("\n" + series + " ");
  return line == std::string::npos ? -1 : std::stod(page.substr(line + series.size() + 2));
}

std::string Harness::Payload(const std::vector<float>& weight, const std::vector<float>& bias,
                             std::int64_t count) const {
  std::string payload(manifest_.payload_bytes, '\0');
  for (const ManifestEntry& entry : manifest_.entries) {
    const void* from = entry.tensor == "weight" ? static_cast<const void*>(weight.data())
                       : entry.tensor == "bias" ? static_cast<const void*>(bias.data())
                                                : static_cast<const void*>(&count);
    std::memcpy(payload.data() + entry.payload_offset, from, entry.num_bytes());
  }
  return payload;
}

std::vector<float> Harness::Floats(const std::string& model_bytes, const std::string& tensor) {
  const Archive archive = Archive::FromBytes(AsBytes(model_bytes), "model").value();
  const TensorInfo* info = archive.FindTensor(tensor);
  const auto bytes = archive.StorageBytes(info->storage).value();
  std::vector<float> values(info->num_elements());
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

}  // namespace fedge::testing
