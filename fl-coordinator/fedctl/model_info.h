#pragma once

#include <cstddef>
#include <string>

#include "fedge/common/result.h"

namespace fedge::fedctl {

// What a TorchScript file holds, as text for a person or as a JSON document. Every byte of the file
// is checked.
struct ModelDescription {
  std::string text;
  std::string json;
};

Result<ModelDescription> DescribeModel(const std::string& path, std::size_t width);

}  // namespace fedge::fedctl
