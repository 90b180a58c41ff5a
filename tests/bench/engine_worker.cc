// The edge engine as a peer of scripts/bench/engine.py, in a process of its own:
//
//   engine_worker MODEL INPUT THREADS [COMPUTE]
//
// INPUT is the bytes of the model's only input at a batch of 1. Prints a JSON line when the first
// answer is there, and for each line `N` read one with N latencies in microseconds; `save FILE`
// writes the bytes of the first output.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "fedge/common/file.h"
#include "fedge/common/hash.h"
#include "fedge/engine/context.h"
#include "fedge/engine/model.h"
#include "fedge/engine/providers.h"

namespace fedge {
namespace {

using Clock = std::chrono::steady_clock;

double Microseconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::micro>(to - from).count();
}

double ResidentMegabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

class Worker {
 public:
  static Result<Worker> Start(const std::string& path, const std::string& input_path, int threads,
                              ComputeType compute) {
    Worker worker;
    FEDGE_ASSIGN_OR_RETURN(worker.input_, ReadFile(input_path));
    FEDGE_ASSIGN_OR_RETURN(
        const auto model,
        Model::Load(path, {.providers = DefaultProviders({.onednn = {.threads = threads}}),
                           .compute = compute}));
    for (const ModelPort& port : model->outputs()) worker.outputs_.emplace_back(NumBytes(port, 1));
    worker.context_ = std::make_unique<Context>(model);
    FEDGE_RETURN_IF_ERROR(worker.Run());
    return worker;
  }

  Status Run() {
    const std::span<const std::byte> input = AsBytes(input_);
    std::vector<std::span<std::byte>> outputs(outputs_.begin(), outputs_.end());
    return context_->Run(1, {&input, 1}, outputs);
  }

  Result<std::string> Answer(const std::string& command) {
    if (command.starts_with("save ")) {
      FEDGE_RETURN_IF_ERROR(
          WriteFileAtomically(PosixFileSystem(), command.substr(5), outputs_.front()));
      return std::string("{}");
    }
    std::vector<double> times(std::stoul(command));
    for (double& time : times) {
      const auto begin = Clock::now();
      FEDGE_RETURN_IF_ERROR(Run());
      time = Microseconds(begin, Clock::now());
    }
    return fmt::format("[{:.2f}]", fmt::join(times, ","));
  }

 private:
  std::string input_;
  std::vector<std::vector<std::byte>> outputs_;
  std::unique_ptr<Context> context_;
};

int Main(const std::string& model, const std::string& input, int threads, ComputeType compute) {
  const auto begin = Clock::now();
  Result<Worker> worker = Worker::Start(model, input, threads, compute);
  if (!worker.ok()) {
    fmt::print(stderr, "engine_worker: {}\n", worker.status().message());
    return 1;
  }
  fmt::print("{{\"load_ms\": {:.3f}, \"resident_mb\": {:.1f}}}\n",
             Microseconds(begin, Clock::now()) / 1e3, ResidentMegabytes());
  std::fflush(stdout);
  for (std::string command; std::getline(std::cin, command);) {
    const Result<std::string> answer = worker->Answer(command);
    if (!answer.ok()) {
      fmt::print(stderr, "engine_worker: {}\n", answer.status().message());
      return 1;
    }
    fmt::print("{}\n", *answer);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace fedge

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    fmt::print(stderr, "usage: engine_worker MODEL INPUT THREADS [auto|fp32|bf16|fp16]\n");
    return 2;
  }
  const auto compute = fedge::ParseComputeType(argc == 5 ? argv[4] : "fp32");
  if (!compute.ok()) {
    fmt::print(stderr, "engine_worker: {}\n", compute.status().message());
    return 2;
  }
  return fedge::Main(argv[1], argv[2], std::stoi(argv[3]), *compute);
}
