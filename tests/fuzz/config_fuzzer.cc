// Configuration files: whatever is read can be written and read again as the same values.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fedge/cli/toml.h"
#include "fedge/common/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto items = fedge::cli::ParseToml(text);
  if (!items.ok()) return 0;
  for (const fedge::cli::TomlItem& item : *items) {
    FEDGE_CHECK(!item.path.empty() && item.line > 0);
    for (const std::string& value : item.values) {
      const auto again = fedge::cli::ParseToml("a = " + fedge::cli::TomlQuote(value));
      FEDGE_CHECK(again.ok() && again->front().values.front() == value);
    }
  }
  return 0;
}
