#include "stale_messages.h"

namespace fedge::testing {
namespace {

TEST(StaleMessageTest, StopNoRound) {
  Harness harness;
  SendStaleMessages(harness, 700);  // three calls each
}

}  // namespace
}  // namespace fedge::testing
