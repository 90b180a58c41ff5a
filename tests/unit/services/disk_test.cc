// fl-coordinator on disks that are full or read-only: what it says, and that it goes on afterwards.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fedge/rpc/transport.h"
#include "fedge/testing/process.h"
#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

// A coordinator in a mount namespace of its own, on a file system of a limited size.
class DiskTest : public ::testing::Test {
 protected:
  // `script` runs after the mount, with the state directory in $STATE.
  std::vector<std::string> OnSmallDisk(const std::string& size, const std::string& script) {
    const std::string mount = harness.directory().File("disk");
    std::filesystem::create_directory(mount);
    return {"/usr/bin/env",
            "unshare",
            "-m",
            "sh",
            "-c",
            fmt::format("mount -t tmpfs -o size={} none {} || exit 77; STATE={}/state; {}", size,
                        mount, mount, script)};
  }
  Finished Run(const std::vector<std::string>& argv) {
    return RunProgram(argv, {.folder = harness.directory().path(), .name = "run"});
  }
  std::string Coordinator() {
    return fmt::format(
        "{} --model {} --state-dir $STATE --listen 127.0.0.1:0 --http off --min-free 0",
        FEDGE_COORDINATOR, harness.directory().File("model.pt"));
  }
  bool MayMount() { return Run(OnSmallDisk("64k", "exit 0")).status == 0; }

  Harness harness;  // for its folder and model
};

TEST_F(DiskTest, AReadOnlyStateDirectoryIsRefusedByName) {
  if (!MayMount()) GTEST_SKIP() << "mounting is not permitted here";
  const Finished run =
      Run(OnSmallDisk("1m", fmt::format("mkdir $STATE; mount -o remount,ro {}; {}",
                                        harness.directory().File("disk"), Coordinator())));
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.err, HasSubstr("disk/state"));
  EXPECT_THAT(run.err, HasSubstr("Read-only file system"));
}

TEST_F(DiskTest, ADiskThatIsTooSmallToBeginOnIsRefusedByName) {
  if (!MayMount()) GTEST_SKIP() << "mounting is not permitted here";
  const Finished run = Run(OnSmallDisk("32k", Coordinator()));
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.err, HasSubstr("disk/state"));
  EXPECT_THAT(run.err, AnyOf(HasSubstr("No space left"), HasSubstr("disk is full")));
}

// A process in that namespace fills the rest of the disk, and empties it again, when told to.
TEST_F(DiskTest, ADiskThatFillsInTheMiddleOfARoundLosesNothing) {
  if (!MayMount()) GTEST_SKIP() << "mounting is not permitted here";
  const std::string folder = harness.directory().path();
  ASSERT_EQ(::mkfifo((folder + "/orders").c_str(), 0600), 0);
  const std::string coordinator = Coordinator() + " --ready-file " + folder + "/ready";
  // Each order starts with the disk as it is; the coordinator's exit is reported before the next.
  Process process(
      OnSmallDisk("2m", fmt::format("exec 3<>{0}/orders; {1} & pid=$!; while read order <&3; do "
                                    "case $order in "
                                    "fill) cat /dev/zero > {0}/disk/rest; echo filled;; "
                                    "wait) wait $pid; echo exit $?;; "
                                    "again) rm {0}/disk/rest; {1} & pid=$!;; "
                                    "show) cat $STATE/global.pt > {0}/result.pt; echo shown;; "
                                    "end) kill $pid; wait $pid; exit 0;; esac; done",
                                    folder, coordinator)),
      {.folder = folder, .name = "disk"});
  const auto order = [&](const std::string& word) {
    std::ofstream(folder + "/orders") << word << "\n" << std::flush;
  };
  const auto connect = [&](int times) {
    EXPECT_TRUE(process.WaitForText("coordinator started"));
    while (!std::filesystem::exists(folder + "/ready")) EXPECT_TRUE(process.running()) << times;
    const std::string address = ReadFile(folder + "/ready").value();
    std::filesystem::remove(folder + "/ready");
    return CreateChannel(address.substr(0, address.find('\n')),
                         {.credentials = nullptr, .own_connection = true});
  };
  auto channel = connect(1);
  auto a = std::make_unique<TestClient>(channel, "a");
  auto b = std::make_unique<TestClient>(channel, "b");
  ASSERT_TRUE(a->Join().ok());
  ASSERT_TRUE(b->Join().ok());
  v1::StartRunRequest request;
  request.mutable_plan()->set_num_clients(2);
  request.mutable_plan()->set_num_rounds(1);
  request.mutable_plan()->set_deadline_ms(600'000);
  request.mutable_plan()->mutable_train()->set_epochs(1);
  request.mutable_plan()->mutable_train()->set_batch_size(8);
  request.mutable_plan()->mutable_train()->set_learning_rate(0.1);
  v1::StartRunResponse started;
  grpc::ClientContext context;
  ASSERT_TRUE(v1::Admin::NewStub(channel)->StartRun(&context, request, &started).ok());
  const std::string payload = harness.Payload({2, 0, 0, 0}, {0, 0});
  ASSERT_EQ(a->Submit(a->Poll().train(), payload).outcome(), v1::SubmitResponse::ACCEPTED);

  const v1::TrainTask task = b->Poll().train();
  order("fill");
  ASSERT_TRUE(process.WaitForText("filled"));
  // Until the coordinator has no room for what it must keep: it refuses, or it stops and says why.
  v1::SubmitResponse response;
  const grpc::Status refused = b->Submit(b->MakeUpload(task, payload), response);
  if (refused.ok()) {
    EXPECT_EQ(response.outcome(), v1::SubmitResponse::ACCEPTED) << "there was room";
  }
  // Turning uploads away needs no room; to remember another client does.
  for (int i = 0; i < 10'000; ++i) {
    TestClient other(channel, fmt::format("other-{}", i));
    if (!other.Join().ok()) break;
  }
  order("wait");
  ASSERT_TRUE(process.WaitForText("exit 1"));
  EXPECT_THAT(process.Err(), HasSubstr("full"));

  order("again");
  while (!std::filesystem::exists(folder + "/ready")) ASSERT_TRUE(process.running());
  channel = connect(2);
  b = std::make_unique<TestClient>(channel, "b");
  a = std::make_unique<TestClient>(channel, "a");
  ASSERT_TRUE(a->Join().ok());
  ASSERT_TRUE(b->Join().ok());
  if (!refused.ok()) {
    EXPECT_EQ(b->Submit(b->Poll().train(), payload).outcome(), v1::SubmitResponse::ACCEPTED);
  }
  v1::CoordinatorStatus status;
  while (status.phase() != v1::COMPLETED || status.model_round() != 1) {
    grpc::ClientContext once;
    ASSERT_TRUE(v1::Admin::NewStub(channel)->GetStatus(&once, {}, &status).ok());
  }
  EXPECT_EQ(status.round().tasks().accepted(), 2U) << "a was not asked again";
  order("show");
  ASSERT_TRUE(process.WaitForText("shown"));
  EXPECT_EQ(Harness::Floats(ReadFile(folder + "/result.pt").value(), "weight")[0], 3);
  order("end");
  EXPECT_EQ(process.Wait(), 0);
}

}  // namespace
}  // namespace fedge::testing
