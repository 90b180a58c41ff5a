#include "fedge/cli/suggest.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace fedge::cli {
namespace {

const std::vector<std::string> kKnown = {"--clients", "--rounds", "--min-clients", "--lr"};

TEST(NearestTest, FindsTyposAndUnfinishedWords) {
  EXPECT_EQ(Nearest("--cleints", kKnown), "--clients");
  EXPECT_EQ(Nearest("--client", kKnown), "--clients");
  EXPECT_EQ(Nearest("--rl", kKnown), "--lr");
  EXPECT_EQ(Nearest("--min", kKnown), "--min-clients");
}

TEST(NearestTest, SaysNothingWhereNothingIsNear) {
  EXPECT_EQ(Nearest("--verbose", kKnown), "");
  EXPECT_EQ(Nearest("", kKnown), "");
  EXPECT_EQ(Nearest(std::string(10'000, 'x'), kKnown), "");
  EXPECT_EQ(DidYouMean("zz", kKnown), "");
  EXPECT_EQ(DidYouMean("--cleints", kKnown), "; did you mean '--clients'?");
}

}  // namespace
}  // namespace fedge::cli
