#pragma once

#include <cstdint>
#include <memory>

namespace fedge {

// While it lives, random operators that this thread runs on CPU tensors (dropout, rand, normal_
// ...) and that name no generator draw from a generator of its own, seeded with `seed`. LibTorch's
// default one is shared by the whole process: with it, what a client draws would depend on what the
// other workers did before. Scopes nest; thread-compatible.
class ThreadRandomScope {
 public:
  explicit ThreadRandomScope(std::uint64_t seed);
  ThreadRandomScope(const ThreadRandomScope&) = delete;
  ThreadRandomScope& operator=(const ThreadRandomScope&) = delete;
  ~ThreadRandomScope();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fedge
