// What a round's bytes cost at least: N clients each take the model from a gRPC stream and send as
// much back, which is written to a file and synced. No protocol, no checks, no aggregation. Prints
// the seconds of each repetition.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "fedge/cli/app.h"
#include "fedge/common/file.h"
#include "fedge/common/hash.h"
#include "fedge/rpc/transport.h"
#include "fedge/v1/federation.grpc.pb.h"

namespace fedge::bench {
namespace {

// As large as those of the coordinator.
constexpr std::size_t kDownChunk = 256u << 10;
constexpr std::size_t kUpChunk = 1u << 20;

struct Options {
  std::uint32_t clients = 8;
  std::uint32_t megabytes = 100;
  std::uint32_t repetitions = 5;
  std::string folder = "/tmp";

  std::uint64_t bytes() const { return std::uint64_t{megabytes} * 1'000'000; }
};

// Every call on a thread of gRPC's.
class RawServer final : public v1::Federation::Service {
 public:
  explicit RawServer(const Options& options) : options_(options) {
    grpc::ServerBuilder builder;
    ConfigureTransport(builder);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~RawServer() override { server_->Shutdown(); }
  std::string address() const { return fmt::format("127.0.0.1:{}", port_); }

 private:
  grpc::Status Fetch(grpc::ServerContext*, const v1::FetchRequest*,
                     grpc::ServerWriter<v1::FetchChunk>* writer) override {
    v1::FetchChunk chunk;
    chunk.set_data(std::string(kDownChunk, 'm'));
    for (std::uint64_t sent = 0; sent < options_.bytes(); sent += kDownChunk) writer->Write(chunk);
    return grpc::Status::OK;
  }

  grpc::Status Submit(grpc::ServerContext*, grpc::ServerReader<v1::SubmitRequest>* reader,
                      v1::SubmitResponse*) override {
    const std::string path = fmt::format("{}/raw-{}.tmp", options_.folder, ++files_);
    const auto file = PosixFileSystem().OpenForWrite(path);
    if (!file.ok()) return {grpc::StatusCode::UNAVAILABLE, file.status().message()};
    v1::SubmitRequest message;
    for (std::uint64_t written = 0; reader->Read(&message);) {
      const auto bytes = AsBytes(message.chunk().data());
      if (!(*file)->WriteAt(written, bytes).ok()) return {grpc::StatusCode::UNAVAILABLE, "write"};
      written += bytes.size();
    }
    const Status synced = (*file)->Sync();
    static_cast<void>(PosixFileSystem().Remove(path));
    return synced.ok() ? grpc::Status::OK
                       : grpc::Status(grpc::StatusCode::UNAVAILABLE, synced.message());
  }

  const Options& options_;
  int port_ = 0;
  std::atomic<int> files_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

bool RunClient(v1::Federation::Stub& stub, const Options& options) {
  {
    grpc::ClientContext context;
    const auto reader = stub.Fetch(&context, {});
    v1::FetchChunk chunk;
    while (reader->Read(&chunk)) {
    }
    if (!reader->Finish().ok()) return false;
  }
  grpc::ClientContext context;
  v1::SubmitResponse response;
  const auto writer = stub.Submit(&context, &response);
  v1::SubmitRequest request;
  request.mutable_chunk()->set_data(std::string(kUpChunk, 'u'));
  for (std::uint64_t sent = 0; sent < options.bytes(); sent += kUpChunk) {
    if (!writer->Write(request)) return false;
  }
  writer->WritesDone();
  return writer->Finish().ok();
}

int Run(const Options& options) {
  const RawServer server(options);
  std::vector<std::unique_ptr<v1::Federation::Stub>> stubs;
  for (std::uint32_t i = 0; i < options.clients; ++i) {
    stubs.push_back(v1::Federation::NewStub(
        CreateChannel(server.address(), {.credentials = nullptr, .own_connection = true})));
  }
  for (std::uint32_t repetition = 0; repetition < options.repetitions; ++repetition) {
    std::atomic<bool> good = true;
    const auto began = std::chrono::steady_clock::now();
    {
      std::vector<std::jthread> threads;
      for (const auto& stub : stubs) {
        threads.emplace_back([&] {
          if (!RunClient(*stub, options)) good = false;
        });
      }
    }
    if (!good) return cli::Fail("raw_transfer", Unavailable("a transfer failed"));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    fmt::print("{:.3f}\n", took.count());
    std::fflush(stdout);
  }
  return cli::kExitDone;
}

}  // namespace
}  // namespace fedge::bench

int main(int argc, char** argv) {
  fedge::bench::Options options;
  fedge::cli::App app("raw_transfer", "times plain gRPC streams and synced writes");
  app.Option("--clients", &options.clients, "N", "at once", {.min = 1, .max = 1'000});
  app.Option("--megabytes", &options.megabytes, "MB", "each way, for each client",
             {.min = 1, .max = 100'000});
  app.Option("--repetitions", &options.repetitions, "R", "how often", {.min = 1, .max = 1'000});
  app.Option("--folder", &options.folder, "DIR", "where the files are written");
  app.Run([&] { return fedge::bench::Run(options); });
  return app.Main(argc, argv);
}
