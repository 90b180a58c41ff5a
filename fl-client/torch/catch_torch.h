#pragma once

#include <exception>
#include <string_view>
#include <utility>

#include "fedge/common/status.h"

namespace fedge {

// What LibTorch threw, as a status: the sentence that says what is wrong, without stack traces and
// TorchScript listings. kResourceExhausted when memory ran out, else kInvalidArgument: the model,
// the data or a flag does not fit.
Status StatusFromTorch(const std::exception& error);

// body(), whose result is a Status or a Result<T>; an exception from LibTorch becomes the error,
// with `context` before its message. The only place where one is caught.
template <typename Body>
auto CatchTorch(std::string_view context, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& error) {
    return StatusFromTorch(error).WithContext(context);
  }
}

}  // namespace fedge
