#include "fedge/fedctl/child_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fedge/common/file.h"

namespace fedge::fedctl {
namespace {

// Between fork and exec only calls that are safe there; everything it needs was made before.
[[noreturn]] void RunChild(char* const* arguments, int log, pid_t parent) {
  ::setpgid(0, 0);  // Ctrl-C on the terminal is for fedctl, which then stops its children
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(null, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv(arguments[0], arguments);
  constexpr char kMessage[] = "cannot be executed\n";
  static_cast<void>(::write(STDERR_FILENO, kMessage, sizeof kMessage - 1));
  ::_exit(127);
}

}  // namespace

ChildProcess::ChildProcess(pid_t pid, std::string program, std::string log_path)
    : pid_(pid), program_(std::move(program)), log_path_(std::move(log_path)) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept { *this = std::move(other); }

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(ended_, other.ended_);
  std::swap(status_, other.status_);
  std::swap(program_, other.program_);
  std::swap(log_path_, other.log_path_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  Terminate();
  Join(Duration(5'000));
}

Result<ChildProcess> ChildProcess::Start(const Spec& spec) {
  std::vector<char*> arguments = {const_cast<char*>(spec.program.c_str())};
  for (const std::string& argument : spec.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  const int log = ::open(spec.log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (log < 0) return ErrnoStatus(errno, spec.log_path);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) RunChild(arguments.data(), log, parent);
  const int error = errno;
  ::close(log);
  if (pid < 0) return ErrnoStatus(error, spec.program);
  return ChildProcess(pid, spec.program, spec.log_path);
}

std::string ChildProcess::name() const { return std::filesystem::path(program_).filename(); }

std::optional<std::string> ChildProcess::Ended() {
  if (!ended_) {
    const pid_t waited = ::waitpid(pid_, &status_, WNOHANG);
    ended_ = waited == pid_ || (waited < 0 && errno == ECHILD);
  }
  if (!ended_) return std::nullopt;
  if (WIFSIGNALED(status_)) return fmt::format("signal {}", WTERMSIG(status_));
  return fmt::format("exit code {}", WEXITSTATUS(status_));
}

bool ChildProcess::EndedWith(int exit_code) const {
  return ended_ && WIFEXITED(status_) && WEXITSTATUS(status_) == exit_code;
}

void ChildProcess::Signal(int signal) {
  if (pid_ > 0 && !Ended().has_value()) ::kill(pid_, signal);
}

void ChildProcess::Terminate() { Signal(SIGTERM); }

void ChildProcess::Join(Duration patience) {
  if (pid_ < 0) return;
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (!Ended().has_value()) {
    if (std::chrono::steady_clock::now() > give_up) Signal(SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Result<std::string> FindSibling(const std::string& name) {
  namespace fs = std::filesystem;
  const auto executable = [](const fs::path& path) {
    return fs::is_regular_file(path) && ::access(path.c_str(), X_OK) == 0;
  };
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  const fs::path beside = self.parent_path() / name;
  if (!error && executable(beside)) return beside.string();
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path candidate = fs::path(folder) / name;
    if (!folder.empty() && executable(candidate)) return candidate.string();
  }
  return NotFound("{} is neither beside {} nor in PATH; --local needs it", name, self.string());
}

std::string Tail(const std::string& path, std::size_t num_lines) {
  const Result<std::string> text = ReadFile(path);
  if (!text.ok()) return "";
  std::vector<std::string> lines;
  std::istringstream stream(*text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  const std::size_t first = lines.size() > num_lines ? lines.size() - num_lines : 0;
  std::string tail;
  for (std::size_t i = first; i < lines.size(); ++i) tail += "  | " + lines[i] + "\n";
  return tail;
}

}  // namespace fedge::fedctl
