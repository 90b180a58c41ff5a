#pragma once

#include <cstdio>
#include <cstdlib>
#include <stop_token>
#include <string>
#include <vector>

#include "fedge/common/check.h"
#include "fedge/fedctl/context.h"
#include "fedge/testing/fake_clock.h"

namespace fedge::fedctl {

// A file in memory.
class MemoryFile {
 public:
  MemoryFile() : file_(::open_memstream(&data_, &size_)) { FEDGE_CHECK(file_ != nullptr); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() {
    std::fclose(file_);
    std::free(data_);
  }
  std::FILE* file() const { return file_; }
  std::string Text() const {
    std::fflush(file_);
    return std::string(data_, size_);
  }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
};

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

// Runs a command line as main would, with its output kept.
inline Ran Fedctl(const std::vector<std::string>& arguments, std::stop_token stop = {},
                  bool terminal = false) {
  MemoryFile out;
  MemoryFile err;
  const testing::FakeClock clock;
  Context context;
  context.console.out = out.file();
  context.console.err = err.file();
  context.console.terminal = terminal;
  context.clock = &clock;
  context.stop = std::move(stop);
  context.getenv = [](const char*) -> const char* { return nullptr; };
  const int code = RunFedctl(arguments, context);
  return {code, out.Text(), err.Text()};
}

}  // namespace fedge::fedctl
