#include "kernel_check.h"

namespace fedge::testing {
namespace {

KernelCase MakeCase(Dims a, Dims b, Dims y) {
  KernelCase test{op::MatMul{}, {}, std::move(y), Lies::kRowMajor};
  test.inputs.emplace_back(Tensor(std::move(a), Lies::kRowMajor));
  test.inputs.emplace_back(Tensor(std::move(b), Lies::kRowMajor, 2));
  test.constant = {};
  return test;
}

class MatMulTest : public OneDnnTest {};

TEST_F(MatMulTest, AGridOfShapesMatches) {
  ExpectPortable(MakeCase({2, 5, 7}, {2, 7, 9}, {2, 5, 9}));
  ExpectPortable(MakeCase({2, 5, 7}, {7, 9}, {2, 5, 9}));
  ExpectPortable(MakeCase({2, 5, 7}, {1, 7, 9}, {2, 5, 9}));
  ExpectPortable(MakeCase({5, 7}, {3, 7, 9}, {3, 5, 9}));
  ExpectPortable(MakeCase({2, 3, 50, 64}, {2, 3, 64, 50}, {2, 3, 50, 50}));
  ExpectPortable(MakeCase({2, 3, 50, 64}, {2, 1, 64, 50}, {2, 3, 50, 50}));
  ExpectPortable(MakeCase({2, 3, 1, 64}, {2, 3, 64, 50}, {2, 3, 1, 50}));
}

TEST_F(MatMulTest, PlainMatricesAreLeftToOthers) {
  EXPECT_FALSE(RunKernel(*OneDnn(), MakeCase({5, 7}, {7, 9}, {5, 9})).has_value());
}

TEST_F(MatMulTest, PostOpsMatch) {
  KernelCase test = MakeCase({2, 3, 20, 16}, {2, 3, 16, 24}, {2, 3, 20, 24});
  test.inputs.emplace_back(Tensor(test.output, Lies::kRowMajor, 4));
  test.post_ops = {AddInput{2}, op::Unary{op::Unary::Kind::kRelu}};
  ExpectPortable(test);
}

TEST_F(MatMulTest, ARowGivesTheSameBytesInAnyBatch) {
  ExpectRowsAlone(*OneDnn(), MakeCase({17, 3, 10, 33}, {17, 3, 33, 21}, {17, 3, 10, 21}), {0, 1});
  ExpectRowsAlone(*OneDnn(), MakeCase({17, 10, 33}, {33, 21}, {17, 10, 21}), {0});
}

}  // namespace
}  // namespace fedge::testing
