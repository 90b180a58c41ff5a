#include "fedge/engine/constant.h"

namespace fedge::internal {
namespace {

constexpr std::size_t kMaxKeptBytes = 64 << 10;

}  // namespace

Result<Constant::Bytes> Constant::Hold() const {
  if (mapped_ != nullptr) return Bytes(Bytes(), mapped_);  // owns nothing
  const std::scoped_lock lock(mutex_);
  Bytes bytes = held_.lock();
  if (bytes != nullptr) return bytes;
  FEDGE_ASSIGN_OR_RETURN(bytes, make_());
  held_ = bytes;
  if (bytes_ <= kMaxKeptBytes) kept_ = bytes;
  return bytes;
}

}  // namespace fedge::internal
