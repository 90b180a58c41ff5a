#include "fedge/learn/device.h"

#include <charconv>

#include <ATen/Context.h>

namespace fedge {

Result<c10::Device> ParseDevice(std::string_view name) {
  constexpr std::string_view kCuda = "cuda";
  if (name == "cpu") return c10::Device(c10::kCPU);
  int index = 0;
  bool valid = name.substr(0, kCuda.size()) == kCuda;
  if (valid && name != kCuda) {
    const std::string_view digits = name.substr(kCuda.size());
    const auto parsed = std::from_chars(digits.data() + 1, digits.data() + digits.size(), index);
    valid = digits.size() > 1 && digits.front() == ':' && parsed.ec == std::errc() &&
            parsed.ptr == digits.data() + digits.size() && index >= 0;
  }
  if (!valid) return InvalidArgument("unknown device '{}'; known: cpu, cuda, cuda:N", name);
  const auto count = static_cast<int>(at::getNumGPUs());
  if (!at::hasCUDA() || count == 0) {
    return FailedPrecondition(
        "device '{}': this LibTorch has no CUDA or the machine no GPU; use cpu", name);
  }
  if (index >= count) {
    return FailedPrecondition("device '{}': there are {} CUDA devices, numbered from 0", name,
                              count);
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

}  // namespace fedge
