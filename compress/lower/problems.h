#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "fedge/common/status.h"

namespace fedge::lower {

// What can't be lowered, each kind of it once. Thread-compatible.
class Problems {
 public:
  // place: "net.py:12, in layer1.0"
  void Add(const std::string& operation, const std::string& reason, const std::string& place);
  bool empty() const { return problems_.empty(); }
  // kUnimplemented, a line for each: the operation, how often, where first, why.
  Status ToStatus() const;

 private:
  struct Problem {
    std::string operation;
    std::string reason;
    std::string place;
    std::size_t count = 1;
  };
  std::vector<Problem> problems_;
};

}  // namespace fedge::lower
