#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"
#include "fedge/coordinator_rpc/server.h"
#include "fedge/testing/fake_clock.h"
#include "fedge/testing/temp_directory.h"
#include "test_client.h"

namespace fedge::testing {

// A coordinator in this process, on a port of its own, with a folder, a clock and a model of its
// own. The model has two trainable storages, "weight" = {1, 2, 3, 4} and "bias" = {0.5, -0.5}, and
// a counter.
class Harness {
 public:
  explicit Harness(RuntimeOptions options = QuickOptions(), FileSystem& files = PosixFileSystem());
  ~Harness();

  void Stop();
  // As a crash or a stop and a new start with the same folder.
  void Restart();

  // A client that has joined.
  std::unique_ptr<TestClient> Join(const std::string& id, v1::Role role = v1::ROLE_TRAINER);
  // A client that has not.
  std::unique_ptr<TestClient> Connect(const std::string& id);
  v1::Admin::Stub& admin() { return *admin_; }
  // Runs of `rounds` rounds with `clients` clients; returns the run's number.
  std::uint64_t StartRun(std::uint32_t clients, std::uint32_t rounds = 1,
                         const std::function<void(v1::RunPlan&)>& change = {});
  v1::CoordinatorStatus Status();
  v1::GetRoundResponse Round(std::uint64_t round);
  // Waits until the coordinator's status is so.
  v1::CoordinatorStatus WaitFor(const std::function<bool(const v1::CoordinatorStatus&)>& condition);
  v1::CoordinatorStatus WaitForPhase(v1::Phase phase);
  std::vector<v1::Event> Events();

  // Runs on the actor thread, and waits for it.
  void OnActor(const std::function<void(Actor&)>& look);
  // Waits until so many polls are held.
  void WaitForParked(std::size_t polls);
  // Waits until the coordinator has given up.
  void WaitForFailure() { failed_.get_future().wait(); }
  // Moves the clock and lets the coordinator see it.
  void Pass(Duration time);

  // An update for the model: these differences, and the counter's new value.
  std::string Payload(const std::vector<float>& weight, const std::vector<float>& bias,
                      std::int64_t count = 0) const;
  // The floats of a tensor of a model file.
  static std::vector<float> Floats(const std::string& model_bytes, const std::string& tensor);
  std::string GlobalModel() const { return ReadFile(directory_.File("state/global.pt")).value(); }

  const std::string& model_bytes() const { return model_bytes_; }
  const Manifest& manifest() const { return manifest_; }
  TempDirectory& directory() { return directory_; }
  FakeClock& clock() { return clock_; }
  CoordinatorServer& server() { return *server_; }
  // The body of GET on its HTTP address.
  std::string Http(const std::string& path) const;
  // The value of one series of /metrics: "fedge_rounds_total{outcome=\"failed\"}"; -1 if it is not
  // there. Everything that was answered before is counted.
  double Metric(const std::string& series);

  static RuntimeOptions QuickOptions();

 private:
  void Start();

  const RuntimeOptions options_;
  FileSystem& files_;
  TempDirectory directory_;
  FakeClock clock_;
  std::string model_bytes_;
  Manifest manifest_;
  std::promise<void> failed_;
  std::unique_ptr<CoordinatorServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Admin::Stub> admin_;
};

}  // namespace fedge::testing
