#include "fedge/learn/catch_torch.h"

#include <new>
#include <string>
#include <string_view>

#include <c10/util/Exception.h>

namespace fedge {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

std::string_view FirstLine(std::string_view text) {
  text = Trim(text);
  return Trim(text.substr(0, text.find('\n')));
}

// An error inside a TorchScript method reads "The following operation failed ...", a listing, then
// "RuntimeError: what".
std::string_view Gist(std::string_view text) {
  constexpr std::string_view kMark = "Error: ";
  const bool from_interpreter = text.find("Traceback of TorchScript") != std::string_view::npos;
  const std::size_t mark = text.rfind(kMark);
  if (from_interpreter && mark != std::string_view::npos)
    return FirstLine(text.substr(mark + kMark.size()));
  return FirstLine(text);
}

}  // namespace

Status StatusFromTorch(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr)
    return ResourceExhausted("out of memory");
  const auto* const torch_error = dynamic_cast<const c10::Error*>(&error);
  const std::string text =
      torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
  const std::string_view gist = Gist(text);
  if (text.find("can't allocate memory") != std::string::npos ||
      text.find("out of memory") != std::string::npos) {
    return ResourceExhausted("{}", gist);
  }
  return InvalidArgument("{}", gist.empty() ? "LibTorch gave no reason" : gist);
}

}  // namespace fedge
