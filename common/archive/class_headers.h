#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fedge::internal {

// What a module class of `code/` says of its attributes and the pickle does not: which are
// parameters, which buffers. Both sorted.
struct ClassHeader {
  std::vector<std::string> parameters;
  std::vector<std::string> buffers;
};

// The module classes of one source file of `code/`, by name: reads `class NAME(Module):` and the
// two lists below it. Anything else in the text is skipped.
std::map<std::string, ClassHeader, std::less<>> ParseClassHeaders(std::string_view source);

// The record that holds a class, given the module of its pickled name: "__torch__.nn" ->
// "code/__torch__/nn.py".
std::string CodeRecordOf(std::string_view module);

}  // namespace fedge::internal
