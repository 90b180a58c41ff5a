#include "fedge/testing/process.h"

#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fedge/common/check.h"
#include "fedge/common/file.h"

namespace fedge::testing {
namespace {

using Clock = std::chrono::steady_clock;

int RemainingMilliseconds(Clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return left < 0 ? 0 : static_cast<int>(left);
}

std::string Content(const std::string& path) {
  auto content = ReadFile(path);
  return content.ok() ? *std::move(content) : std::string();
}

// In the child: nothing but async-signal-safe calls until exec.
[[noreturn]] void Exec(char* const* argv, char* const* environment, const char* out,
                       const char* err, const char* folder) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = ::open("/dev/null", O_RDONLY);
  const int out_fd = ::open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err_fd = ::open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (::dup2(null, 0) < 0 || ::dup2(out_fd, 1) < 0 || ::dup2(err_fd, 2) < 0) ::_exit(127);
  if (folder != nullptr && ::chdir(folder) != 0) ::_exit(127);
  ::execve(argv[0], argv, environment);
  ::_exit(127);
}

}  // namespace

Process::Process(const std::vector<std::string>& argv, Options options)
    : out_path_(options.folder + "/" + options.name + ".out"),
      err_path_(options.folder + "/" + options.name + ".err") {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> environment;
  for (std::string& variable : options.environment) environment.push_back(variable.data());
  for (char** variable = ::environ; *variable != nullptr; ++variable)
    environment.push_back(*variable);
  environment.push_back(nullptr);
  const char* folder =
      options.working_directory.empty() ? nullptr : options.working_directory.c_str();

  // Both files are there before the child is: WaitForText may watch them at once.
  ::close(::open(out_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
  ::close(::open(err_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
  pid_ = ::fork();
  FEDGE_CHECK(pid_ >= 0);
  if (pid_ == 0)
    Exec(arguments.data(), environment.data(), out_path_.c_str(), err_path_.c_str(), folder);
  handle_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  FEDGE_CHECK(handle_ >= 0);
}

Process::~Process() {
  if (!status_.has_value()) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(handle_);
}

bool Process::running() { return !Wait(std::chrono::milliseconds(0)).has_value(); }

void Process::Signal(int signal) const {
  if (!status_.has_value()) ::kill(pid_, signal);
}

std::optional<int> Process::Wait(std::chrono::milliseconds timeout) {
  if (status_.has_value()) return status_;
  const auto deadline = Clock::now() + timeout;
  pollfd ended{.fd = handle_, .events = POLLIN, .revents = 0};
  while (::poll(&ended, 1, RemainingMilliseconds(deadline)) < 0 && errno == EINTR) {
  }
  if ((ended.revents & POLLIN) == 0) return std::nullopt;
  int status = 0;
  FEDGE_CHECK(::waitpid(pid_, &status, 0) == pid_);
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

std::string Process::Out() const { return Content(out_path_); }
std::string Process::Err() const { return Content(err_path_); }

bool Process::WaitForText(const std::string& text, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  const int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  FEDGE_CHECK(watch >= 0);
  ::inotify_add_watch(watch, out_path_.c_str(), IN_MODIFY);
  ::inotify_add_watch(watch, err_path_.c_str(), IN_MODIFY);
  bool found = false;
  while (true) {
    const bool ended = !running();
    found = Out().find(text) != std::string::npos || Err().find(text) != std::string::npos;
    if (found || ended || Clock::now() >= deadline) break;
    pollfd changes[2] = {{.fd = watch, .events = POLLIN, .revents = 0},
                         {.fd = handle_, .events = POLLIN, .revents = 0}};
    ::poll(changes, 2, RemainingMilliseconds(deadline));
    char events[4096];
    while (::read(watch, events, sizeof events) > 0) {
    }
  }
  ::close(watch);
  return found;
}

Finished RunProgram(const std::vector<std::string>& argv, Process::Options options,
                    std::chrono::milliseconds timeout) {
  Process process(argv, std::move(options));
  const auto status = process.Wait(timeout);
  return {.status = status.value_or(-1), .out = process.Out(), .err = process.Err()};
}

}  // namespace fedge::testing
