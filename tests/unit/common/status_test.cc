#include <memory>

#include <gtest/gtest.h>

#include "fedge/common/result.h"

namespace fedge {
namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) return InvalidArgument("{} is odd", value);
  return value / 2;
}

Result<int> Quarter(int value) {
  FEDGE_ASSIGN_OR_RETURN(const int half, Half(value));
  return Half(half);
}

TEST(StatusTest, CarriesCodeAndFormattedMessage) {
  const Status status = NotFound("'{}' has {} parts", "model.pt", 3);
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(status.ToString(), "NOT_FOUND: 'model.pt' has 3 parts");
}

TEST(StatusTest, ContextIsPutInFrontAndLeavesOkAlone) {
  EXPECT_EQ(DataLoss("torn").WithContext("a.pt").message(), "a.pt: torn");
  EXPECT_TRUE(OkStatus().WithContext("a.pt").ok());
  EXPECT_EQ(OkStatus().WithContext("a.pt").message(), "");
}

TEST(StatusTest, CodesHaveTheNumbersOfGrpc) {
  EXPECT_EQ(static_cast<int>(StatusCode::kUnauthenticated), 16);
  EXPECT_EQ(StatusCodeName(StatusCode::kFailedPrecondition), "FAILED_PRECONDITION");
}

TEST(ResultTest, PropagatesTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(7).status().message(), "7 is odd");
  EXPECT_EQ(Quarter(6).status().message(), "3 is odd");
}

TEST(ResultTest, HoldsMoveOnlyValues) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  const std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 5);
}

}  // namespace
}  // namespace fedge
