#include <gtest/gtest.h>

#include "chaos_play.h"

namespace fedge::testing {
namespace {

TEST(ChaosTest, AFewDeathsChangeNothing) {
  PlayAll({{.point = "wal.sync.before", .pass = 3, .power_loss = true},
           {.point = "model.rename.after", .pass = 1, .power_loss = true},
           {.point = "spool.sync.after", .pass = 2},
           {.point = "", .delay_ms = 40},
           {.point = "global.rename.before", .pass = 2, .power_loss = true}},
          /*rounds=*/8, /*deaths_per_run=*/5);
}

}  // namespace
}  // namespace fedge::testing
