#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "fedge/common/clock.h"
#include "fedge/common/result.h"

namespace fedge::fedctl {

// A program that runs as a child, in a process group of its own, and dies with the thread that
// started it (prctl(2), PR_SET_PDEATHSIG): start children from the main thread. Destroying it stops
// it. Thread-compatible.
class ChildProcess {
 public:
  struct Spec {
    std::string program;                 // a path
    std::vector<std::string> arguments;  // without the program's name
    std::string log_path;                // gets stdout and stderr
  };
  static Result<ChildProcess> Start(const Spec& spec);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  const std::string& log_path() const { return log_path_; }
  // "fl-client"
  std::string name() const;
  // How it ended, "exit code 1" or "signal 9"; nullopt while it runs.
  std::optional<std::string> Ended();
  // Whether it ended with exit code 0.
  bool succeeded() const { return ended_ && status_ == 0; }
  // Whether it ended with this exit code.
  bool EndedWith(int exit_code) const;
  void Terminate();  // SIGTERM
  // Waits for its end, with SIGKILL after `patience`.
  void Join(Duration patience);

 private:
  ChildProcess(pid_t pid, std::string program, std::string log_path);
  void Signal(int signal);

  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
  std::string program_;
  std::string log_path_;
};

// The path of one of Fedge's programs: beside this one's own binary, else in PATH. kNotFound says
// where was looked.
Result<std::string> FindSibling(const std::string& name);

// The last lines of a file, each with a prefix; empty if there is nothing to read.
std::string Tail(const std::string& path, std::size_t num_lines);

}  // namespace fedge::fedctl
