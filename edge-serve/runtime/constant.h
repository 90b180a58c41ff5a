#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>

#include "fedge/common/result.h"
#include "fedge/program/dim.h"

namespace fedge::internal {

// The bytes of a stored tensor, which need not be in memory: they lie in the archive's mapping, or
// are made again whenever kernels are built from them (inflated, folded), since most kernels keep
// a packed form of their own. Thread-safe.
class Constant {
 public:
  using Bytes = std::shared_ptr<const std::byte>;
  using Maker = std::function<Result<Bytes>()>;

  // Bytes that outlive it.
  explicit Constant(const std::byte* mapped) : mapped_(mapped) {}
  // Made on demand; small ones are kept. `depth`: one more than the largest of what it is made of.
  Constant(std::size_t bytes, Maker make, int depth = 0);

  // Valid for as long as it is held. Bytes that are held by someone are not made again.
  Result<Bytes> Hold() const;
  // How many constants are made, one of the other, to make it: 0 if it is kept or mapped. What
  // would go deeper than kMaxDepth is to be left as it is.
  int depth() const { return depth_; }
  static constexpr int kMaxDepth = 16;

 private:
  const std::byte* mapped_ = nullptr;
  Maker make_;
  bool keep_ = false;
  int depth_ = 0;
  mutable std::mutex mutex_;
  mutable std::weak_ptr<const std::byte> held_;
  mutable Bytes kept_;
};

// A view of a constant.
struct StoredTensor {
  std::shared_ptr<const Constant> constant;
  std::size_t offset = 0;  // in bytes
  Dims strides;            // in elements
};

}  // namespace fedge::internal
