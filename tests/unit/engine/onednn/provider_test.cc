#include <cstdlib>

#include <gmock/gmock.h>

#include "fedge/engine/providers.h"
#include "kernel_check.h"

namespace fedge::testing {
namespace {

using ::testing::HasSubstr;

constexpr bool kBuiltWith = FEDGE_HAS_ONEDNN != 0;

TEST(OneDnnProviderTest, AnAbsentLibraryIsUnavailable) {
  const auto provider = MakeOneDnnProvider({.library = "libnot-there.so.2"});
  ASSERT_FALSE(provider.ok());
  EXPECT_EQ(provider.status().code(),
            kBuiltWith ? StatusCode::kUnavailable : StatusCode::kUnimplemented);
  EXPECT_THAT(provider.status().message(), HasSubstr(kBuiltWith ? "libnot-there.so.2" : "oneDNN"));
}

TEST(OneDnnProviderTest, AnotherLibraryIsRefused) {
  if (!kBuiltWith) GTEST_SKIP();
  const auto provider = MakeOneDnnProvider({.library = "libm.so.6"});
  ASSERT_FALSE(provider.ok());
  EXPECT_EQ(provider.status().code(), StatusCode::kFailedPrecondition);
}

TEST(DefaultProvidersTest, PortableIsAlwaysLast) {
  Status why_not;
  auto providers = DefaultProviders({.onednn = {.library = "libnot-there.so.2"}}, &why_not);
  ASSERT_EQ(providers.size(), 1u);
  EXPECT_EQ(providers[0]->name(), "portable");
  EXPECT_FALSE(why_not.ok());

  providers = DefaultProviders({.use_onednn = false}, &why_not);
  ASSERT_EQ(providers.size(), 1u);
  EXPECT_TRUE(why_not.ok());
}

TEST_F(OneDnnTest, IsTheFirstOfTheDefaultProviders) {
  const auto providers = DefaultProviders();
  ASSERT_EQ(providers.size(), 2u);
  EXPECT_EQ(providers[0]->name(), "onednn");
  EXPECT_EQ(providers[1]->name(), "portable");
}

TEST_F(OneDnnTest, WaitingIsPassive) {
  ASSERT_NE(std::getenv("OMP_WAIT_POLICY"), nullptr);
  EXPECT_STREQ(std::getenv("OMP_WAIT_POLICY"), "PASSIVE");
}

TEST_F(OneDnnTest, OtherOperatorsAreLeftToOthers) {
  KernelCase test{op::Unary{op::Unary::Kind::kRelu}, {Tensor({4, 4}, Lies::kRowMajor)}, {4, 4}};
  EXPECT_FALSE(RunKernel(*OneDnn(), test).has_value());
}

}  // namespace
}  // namespace fedge::testing
