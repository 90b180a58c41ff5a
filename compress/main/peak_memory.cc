#include "peak_memory.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine_runner.h"
#include "fedge/archive/archive.h"
#include "fedge/compress_main/input_spec.h"
#include "fedge/compress_torch/torch_model.h"

namespace fedge {
namespace {

constexpr std::string_view kProbeFlag = "--probe-peak-memory";
constexpr std::string_view kLibTorch = "libtorch";

// A line of /proc/self/status, in bytes; 0 if there is none.
std::uint64_t StatusBytes(std::string_view key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::stoull(line.substr(key.size())) * 1024;
  }
  return 0;
}

void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

Result<std::vector<SampleTensor>> ZerosOf(const std::vector<std::string>& specs) {
  std::vector<SampleTensor> zeros;
  for (const std::string& text : specs) {
    FEDGE_ASSIGN_OR_RETURN(InputSpec spec, ParseInputSpec(text));
    spec.shape[0] = 1;
    std::size_t bytes = DTypeSize(spec.dtype);
    for (const std::int64_t size : spec.shape) bytes *= static_cast<std::size_t>(size);
    zeros.push_back({.name = spec.name,
                     .dtype = spec.dtype,
                     .shape = spec.shape,
                     .data = std::string(bytes, '\0')});
  }
  return zeros;
}

Status RunInEngine(const std::string& path, ComputeType compute,
                   const std::vector<SampleTensor>& inputs) {
  FEDGE_ASSIGN_OR_RETURN(EngineRunner runner, EngineRunner::Load(path, compute));
  return runner.Run(inputs).status();
}

Status RunInLibTorch(const std::string& path, const std::vector<SampleTensor>& inputs) {
  FEDGE_ASSIGN_OR_RETURN(const Archive archive, Archive::Open(path));
  FEDGE_ASSIGN_OR_RETURN(const TorchModel model, TorchModel::Load(archive));
  return model.Run(inputs).status();
}

// The arguments after the flag: what the engine computes in, or kLibTorch; a path; specs.
Result<std::uint64_t> Probe(const std::vector<std::string>& arguments) {
  FEDGE_ASSIGN_OR_RETURN(const auto inputs, ZerosOf({arguments.begin() + 2, arguments.end()}));
  ResetPeak();
  const std::uint64_t before = StatusBytes("VmRSS:");
  if (arguments[0] == kLibTorch) {
    FEDGE_RETURN_IF_ERROR(RunInLibTorch(arguments[1], inputs));
  } else {
    FEDGE_ASSIGN_OR_RETURN(const ComputeType compute, ParseComputeType(arguments[0]));
    FEDGE_RETURN_IF_ERROR(RunInEngine(arguments[1], compute, inputs));
  }
  const std::uint64_t peak = StatusBytes("VmHWM:");
  if (before == 0 || peak < before) return Unavailable("/proc/self/status does not tell");
  return peak - before;
}

// What a program writes to stdout; kUnavailable if it fails.
Result<std::string> OutputOf(const std::string& program, std::vector<std::string> arguments) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return Unavailable("no pipe can be made");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  std::vector<char*> pointers = {const_cast<char*>(program.c_str())};
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t child = 0;
  const int error =
      ::posix_spawn(&child, program.c_str(), &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  std::string output;
  std::array<char, 256> buffer{};
  for (ssize_t got = 0; error == 0 && (got = ::read(pipe[0], buffer.data(), buffer.size())) > 0;)
    output.append(buffer.data(), static_cast<std::size_t>(got));
  ::close(pipe[0]);
  int status = 0;
  if (error != 0 || ::waitpid(child, &status, 0) != child || status != 0)
    return Unavailable("{} cannot be run again to measure its memory", program);
  return output;
}

}  // namespace

std::string RuntimeName(Runtime runtime) {
  return runtime == Runtime::kLibTorch ? "LibTorch" : "edge engine";
}

Result<std::uint64_t> MeasurePeakMemory(Runtime runtime, const std::string& path,
                                        const std::vector<std::string>& specs,
                                        ComputeType compute) {
  std::vector<std::string> arguments = {
      std::string(kProbeFlag),
      std::string(runtime == Runtime::kLibTorch ? kLibTorch : ComputeTypeName(compute)), path};
  arguments.insert(arguments.end(), specs.begin(), specs.end());
  FEDGE_ASSIGN_OR_RETURN(const std::string text, OutputOf("/proc/self/exe", std::move(arguments)));
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc()) return Unavailable("the memory was not measured");
  return bytes;
}

std::optional<int> RunMemoryProbe(int argc, const char* const* argv) {
  if (argc < 4 || argv[1] != kProbeFlag) return std::nullopt;
  const auto bytes = Probe({argv + 2, argv + argc});
  if (!bytes.ok()) return 1;
  fmt::print("{}\n", *bytes);
  return 0;
}

}  // namespace fedge
