#pragma once

#include <utility>
#include <variant>

#include "fedge/common/check.h"
#include "fedge/common/status.h"

namespace fedge {

// A T, or the Status that says why there is none. Thread-compatible.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : value_(std::in_place_index<1>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Status status)
      : value_(std::in_place_index<0>, std::move(status)) {  // NOLINT: implicit on purpose
    FEDGE_CHECK(!std::get<0>(value_).ok());
  }

  bool ok() const { return value_.index() == 1; }
  // OK when there is a value.
  Status status() const& { return ok() ? Status() : std::get<0>(value_); }
  Status status() && { return ok() ? Status() : std::move(std::get<0>(value_)); }

  // Precondition of the four: ok().
  T& value() & {
    FEDGE_CHECK(ok());
    return std::get<1>(value_);
  }
  const T& value() const& {
    FEDGE_CHECK(ok());
    return std::get<1>(value_);
  }
  T&& value() && {
    FEDGE_CHECK(ok());
    return std::get<1>(std::move(value_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<Status, T> value_;
};

#define FEDGE_CONCAT_INNER(a, b) a##b
#define FEDGE_CONCAT(a, b) FEDGE_CONCAT_INNER(a, b)

// FEDGE_ASSIGN_OR_RETURN(const Archive archive, Archive::Open(path));
#define FEDGE_ASSIGN_OR_RETURN(declaration, expression) \
  FEDGE_ASSIGN_OR_RETURN_IMPL(FEDGE_CONCAT(result_, __LINE__), declaration, expression)
#define FEDGE_ASSIGN_OR_RETURN_IMPL(result, declaration, expression) \
  auto result = (expression);                                        \
  if (!result.ok()) return std::move(result).status();               \
  declaration = std::move(result).value()

}  // namespace fedge
