#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace fedge::testing {

// A child process whose output goes to two files of the test's folder. Killed when the object goes.
// Thread-compatible.
class Process {
 public:
  struct Options {
    std::string folder{};  // where NAME.out and NAME.err are written
    std::string name{};
    std::vector<std::string> environment{};  // "KEY=value", added to this process's own
    std::string working_directory{};         // empty: this process's
  };

  // argv[0] is a path. Fails the program (FEDGE_CHECK) if it can't be started.
  Process(const std::vector<std::string>& argv, Options options);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  bool running();
  void Signal(int signal) const;

  // The exit status once it ends: its code, or 128 + signal; nullopt if it still runs after
  // `timeout`.
  std::optional<int> Wait(std::chrono::milliseconds timeout = std::chrono::seconds(120));

  std::string Out() const;
  std::string Err() const;
  // Waits until `text` stands in its output or errors; false after `timeout` or once the process
  // has ended without it.
  bool WaitForText(const std::string& text,
                   std::chrono::milliseconds timeout = std::chrono::seconds(60));

 private:
  std::string out_path_;
  std::string err_path_;
  pid_t pid_ = -1;
  int handle_ = -1;  // pidfd
  std::optional<int> status_;
};

struct Finished {
  int status = -1;  // -1: it did not end in time
  std::string out;
  std::string err;
};

// Runs to the end.
Finished RunProgram(const std::vector<std::string>& argv, Process::Options options,
                    std::chrono::milliseconds timeout = std::chrono::seconds(120));

}  // namespace fedge::testing
