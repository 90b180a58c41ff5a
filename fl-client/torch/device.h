#pragma once

#include <string_view>

#include <c10/core/Device.h>

#include "fedge/common/result.h"

namespace fedge {

// "cpu", "cuda" (the first one) or "cuda:1". kInvalidArgument for anything else;
// kFailedPrecondition if this LibTorch or machine does not have the device.
Result<c10::Device> ParseDevice(std::string_view name);

}  // namespace fedge
