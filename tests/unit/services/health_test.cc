// Health over HTTP and gRPC, and server reflection.
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "fedge/coordinator_rpc/readiness.h"
#include "fedge/rpc/transport.h"
#include "fedge/testing/connection.h"
#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// One message there and one back, without the service's generated code.
std::string Ask(const std::string& address, const std::string& method, const std::string& request) {
  grpc::GenericStub stub(CreateChannel(address, {.credentials = nullptr, .own_connection = true}));
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
  };
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  wait();
  const grpc::Slice slice(request);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
  wait();
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  wait();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
  if (!status.ok()) return "error: " + status.error_message();
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!answer.Valid() || !answer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& part : slices)
    bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
  return bytes;
}

// grpc.health.v1.HealthCheckRequest{service} and HealthCheckResponse{status}, as protobuf has them.
constexpr char kServing[] = "\x08\x01";
std::string Check(const std::string& address, const std::string& service) {
  std::string request;
  if (!service.empty())
    request = "\x0a" + std::string(1, static_cast<char>(service.size())) + service;
  return Ask(address, "/grpc.health.v1.Health/Check", request);
}

TEST(HealthTest, ACoordinatorThatListensIsLiveAndReady) {
  Harness harness;
  const std::string http = harness.server().http_address();
  EXPECT_THAT(Get(http, "/health/live"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Get(http, "/health/ready"), StartsWith("HTTP/1.1 200"));
  for (const char* service : {"", "fedge.v1.Federation", "fedge.v1.Admin"})
    EXPECT_EQ(Check(harness.server().address(), service), kServing) << service;
  EXPECT_THAT(Check(harness.server().address(), "fedge.v1.Nothing"), StartsWith("error"));
}

TEST(HealthTest, ACoordinatorThatShutsDownIsLiveButNotReady) {
  Harness harness;
  const auto a = harness.Join("a");
  auto hanging = a->HangSubmit();
  const std::string http = harness.server().http_address();
  std::thread shutdown([&harness] { harness.server().Shutdown(Duration(60'000)); });
  std::string answer;
  while (!answer.starts_with("HTTP/1.1 503")) answer = Get(http, "/health/ready");
  EXPECT_THAT(answer, HasSubstr("not ready: the coordinator is shutting down"));
  EXPECT_THAT(Get(http, "/health/live"), StartsWith("HTTP/1.1 200"));
  hanging.reset();
  shutdown.join();
}

TEST(HealthTest, AFolderThatCannotBeWrittenIsSaid) {
  Harness harness;
  std::filesystem::rename(harness.directory().File("state"), harness.directory().File("gone"));
  EXPECT_THAT(harness.Http("/health/ready"), HasSubstr("state: No such file"));
  std::filesystem::rename(harness.directory().File("gone"), harness.directory().File("state"));
  EXPECT_EQ(harness.Http("/health/ready"), "ready\n");
}

class FakeHealthService final : public grpc::HealthCheckServiceInterface {
 public:
  void SetServingStatus(const std::string& name, bool serving) override { status[name] = serving; }
  void SetServingStatus(bool serving) override { status["*"] = serving; }
  std::map<std::string, bool> status;
};

TEST(ReadinessTest, TheFirstReasonStays) {
  Readiness readiness;
  FakeHealthService service;
  readiness.Publish(&service);
  EXPECT_EQ(readiness.WhyNot(), "the state is being loaded");
  EXPECT_FALSE(service.status.at(""));
  readiness.SetReady();
  EXPECT_EQ(readiness.WhyNot(), "");
  EXPECT_TRUE(service.status.at(""));
  EXPECT_TRUE(service.status.at("fedge.v1.Admin"));
  readiness.SetNotReady("the disk is full");
  readiness.SetNotReady("shutting down");
  readiness.SetReady();
  EXPECT_EQ(readiness.WhyNot(), "the disk is full");
  EXPECT_FALSE(service.status.at("fedge.v1.Federation"));
  readiness.Publish(nullptr);
}

TEST(ReadinessTest, AFailureWhileLoadingIsNotOverwritten) {
  Readiness readiness;
  readiness.SetNotReady("the disk is full");
  readiness.SetReady();
  EXPECT_EQ(readiness.WhyNot(), "the disk is full");
}

TEST(ReflectionTest, ListsTheServices) {
  Harness harness;
  // ServerReflectionRequest{list_services: ""}
  const std::string answer = Ask(harness.server().address(),
                                 "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                 std::string("\x3a\0", 2));
  for (const char* service : {"fedge.v1.Federation", "fedge.v1.Admin", "grpc.health.v1.Health"})
    EXPECT_THAT(answer, HasSubstr(service));
}

}  // namespace
}  // namespace fedge::testing
