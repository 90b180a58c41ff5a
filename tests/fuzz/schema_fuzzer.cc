// Reads the input as each of the JSON records of an archive; what is read must survive being
// written.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fedge/archive/derived.h"
#include "fedge/archive/schema.h"
#include "fedge/common/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  if (const auto schema = fedge::SchemaFromJson(json); schema.ok()) {
    FEDGE_CHECK(*fedge::SchemaFromJson(fedge::SchemaToJson(*schema)) == *schema);
  }
  if (const auto derived = fedge::DerivedFromJson(json); derived.ok()) {
    FEDGE_CHECK(*fedge::DerivedFromJson(fedge::DerivedToJson(*derived)) == *derived);
  }
  return 0;
}
