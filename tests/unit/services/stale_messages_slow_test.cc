// A hundred thousand stale messages.
#include <cstdio>
#include <memory>

#include <unistd.h>

#include "stale_messages.h"

namespace fedge::testing {
namespace {

constexpr std::uint64_t kMegabyte = 1u << 20;

std::uint64_t ResidentBytes() {
  unsigned long size = 0;
  unsigned long resident = 0;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> statm(std::fopen("/proc/self/statm", "re"),
                                                              std::fclose);
  EXPECT_EQ(std::fscanf(statm.get(), "%lu %lu", &size, &resident), 2);
  return std::uint64_t{resident} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

TEST(StaleMessageTest, AHundredThousandCostNoMemory) {
  Harness harness;
  SendStaleMessages(harness, 1'000);
  const std::uint64_t before = ResidentBytes();
  Harness another;
  SendStaleMessages(another, 34'000);
  EXPECT_LT(ResidentBytes(), before + 32 * kMegabyte);
}

}  // namespace
}  // namespace fedge::testing
