#include "fedge/engine/constant.h"

#include <utility>

namespace fedge::internal {
namespace {

constexpr std::size_t kMaxKeptBytes = 64 << 10;

}  // namespace

Constant::Constant(std::size_t bytes, Maker make, int depth)
    : make_(std::move(make)), keep_(bytes <= kMaxKeptBytes), depth_(keep_ ? 0 : depth) {}

Result<Constant::Bytes> Constant::Hold() const {
  if (mapped_ != nullptr) return Bytes(Bytes(), mapped_);  // owns nothing
  const std::scoped_lock lock(mutex_);
  Bytes bytes = held_.lock();
  if (bytes != nullptr) return bytes;
  FEDGE_ASSIGN_OR_RETURN(bytes, make_());
  held_ = bytes;
  if (keep_) kept_ = bytes;
  return bytes;
}

}  // namespace fedge::internal
