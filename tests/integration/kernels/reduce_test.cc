#include <limits>

#include <gtest/gtest.h>

#include "kernel_case.h"

namespace fedge::testing {
namespace {

using Ints = std::vector<std::int64_t>;
using Kind = op::Reduce::Kind;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(ReduceTest, OverEverySetOfDimensions) {
  const HostTensor x = RandomTensor({3, 5, 6, 20});
  for (const Ints& dims : {Ints{0}, Ints{1}, Ints{3}, Ints{2, 3}, Ints{1, 3}, Ints{0, 1, 2, 3}}) {
    for (const bool keep : {true, false}) {
      const bool rows = dims[0] != 0;
      const auto check = [&](Kind kind, const std::string& aten, std::vector<CaseArgument> more) {
        KernelCase test{op::Reduce{kind, dims, keep}, {x}, aten, {Input{0}}};
        test.arguments.insert(test.arguments.end(), more.begin(), more.end());
        if (rows) test.batched = {0};
        Check(test);
      };
      check(Kind::kSum, "aten::sum.dim_IntList", {dims, keep});
      check(Kind::kMean, "aten::mean.dim", {dims, keep});
      check(Kind::kMax, "aten::amax", {dims, keep});
      check(Kind::kMin, "aten::amin", {dims, keep});
      check(Kind::kNorm1, "aten::linalg_vector_norm", {std::int64_t{1}, dims, keep});
      check(Kind::kNorm2, "aten::linalg_vector_norm", {std::int64_t{2}, dims, keep});
    }
  }
}

TEST(ReduceTest, ProductsIntegersAndLogic) {
  for (const std::int64_t dim : {0, 1, 2}) {
    Check({op::Reduce{Kind::kProd, {dim}, false},
           {RandomTensor({4, 5, 6})},
           "aten::prod.dim_int",
           {Input{0}, dim, false}});
    Check({op::Reduce{Kind::kSum, {dim}, true},
           {RandomTensor({4, 5, 6}, DType::kInt64)},
           "aten::sum.dim_IntList",
           {Input{0}, Ints{dim}, true}});
    Check({op::Reduce{Kind::kMax, {dim}, true},
           {RandomTensor({4, 5, 6}, DType::kInt32)},
           "aten::amax",
           {Input{0}, Ints{dim}, true}});
    Check({op::Reduce{Kind::kAny, {dim}, false},
           {RandomTensor({4, 2, 2}, DType::kBool)},
           "aten::any.dim",
           {Input{0}, dim, false}});
    Check({op::Reduce{Kind::kAll, {dim}, false},
           {RandomTensor({4, 2, 2}, DType::kBool)},
           "aten::all.dim",
           {Input{0}, dim, false}});
  }
}

TEST(ReduceTest, NaNAndNothing) {
  HostTensor x = RandomTensor({4, 40});
  x.values[50] = kNan;
  for (const std::int64_t dim : {0, 1}) {
    Check({op::Reduce{Kind::kMax, {dim}, false}, {x}, "aten::amax", {Input{0}, Ints{dim}, false}});
    Check({op::Reduce{Kind::kMin, {dim}, false}, {x}, "aten::amin", {Input{0}, Ints{dim}, false}});
  }
  const HostTensor empty{DType::kFloat32, {3, 0}, {}};
  Check({op::Reduce{Kind::kSum, {1}, false},
         {empty},
         "aten::sum.dim_IntList",
         {Input{0}, Ints{1}, false}});
  Check(
      {op::Reduce{Kind::kMean, {1}, false}, {empty}, "aten::mean.dim", {Input{0}, Ints{1}, false}});
}

TEST(ReduceTest, LongSumsKeepTheirDigits) {
  HostTensor x = RandomTensor({2, 100000});
  for (double& value : x.values) value = std::abs(value);
  KernelCase test{
      op::Reduce{Kind::kSum, {1}, false}, {x}, "aten::sum.dim_IntList", {Input{0}, Ints{1}, false}};
  test.dtypes = {DType::kFloat32};
  test.tolerance = 1e-6;
  Check(test);
}

TEST(ArgMaxTest, TheFirstOfEqualsAndOfNaN) {
  HostTensor x = RandomTensor({3, 6, 7}, DType::kInt32);
  for (const std::int64_t dim : {0, 1, 2}) {
    for (const bool keep : {true, false}) {
      Check({op::ArgMax{dim, keep, false}, {x}, "aten::argmax", {Input{0}, dim, keep}});
      Check({op::ArgMax{dim, keep, true}, {x}, "aten::argmin", {Input{0}, dim, keep}});
    }
  }
  HostTensor floats = RandomTensor({3, 8});
  floats.values[3] = floats.values[6] = floats.values[9] = kNan;
  Check(
      {op::ArgMax{1, false, false}, {floats}, "aten::argmax", {Input{0}, std::int64_t{1}, false}});
  Check({op::ArgMax{1, false, true}, {floats}, "aten::argmin", {Input{0}, std::int64_t{1}, false}});
}

TEST(TopKTest, SortsAndKnowsNaN) {
  HostTensor x = RandomTensor({3, 9, 8});
  x.values[20] = x.values[75] = kNan;
  for (const std::int64_t dim : {0, 1, 2}) {
    for (const std::int64_t k : {1, 2, 3}) {
      for (const bool largest : {true, false}) {
        KernelCase test{
            op::TopK{k, dim, largest}, {x}, "aten::topk", {Input{0}, k, dim, largest, true}};
        test.dtypes = {DType::kFloat32, DType::kFloat64};
        if (dim != 0) test.batched = {0};
        Check(test);
      }
    }
  }
}

TEST(TopKTest, AllOfThemIsAStableSort) {
  const HostTensor x = RandomTensor({3, 50}, DType::kInt64);
  for (const bool largest : {true, false}) {
    Check({op::TopK{50, 1, largest},
           {x},
           "aten::sort.stable",
           {Input{0}, true, std::int64_t{1}, largest}});
  }
}

TEST(CumSumTest, AlongEachDimension) {
  for (const std::int64_t dim : {0, 1, 2}) {
    Check({op::CumSum{dim}, {RandomTensor({3, 6, 7})}, "aten::cumsum", {Input{0}, dim}});
    Check({op::CumSum{dim},
           {RandomTensor({3, 6, 7}, DType::kInt64)},
           "aten::cumsum",
           {Input{0}, dim}});
  }
}

TEST(SoftmaxTest, AlongEachDimension) {
  HostTensor x = RandomTensor({3, 5, 6, 70});
  for (double& value : x.values) value *= 4;
  x.values[3] = -std::numeric_limits<double>::infinity();
  for (const std::int64_t dim : {0, 1, 2, 3}) {
    for (const bool log : {false, true}) {
      KernelCase test{op::Softmax{dim, log},
                      {x},
                      log ? "aten::log_softmax.int" : "aten::softmax.int",
                      {Input{0}, dim}};
      if (dim != 0) test.batched = {0};
      Check(test);
    }
  }
}

TEST(BatchNormTest, WithAndWithoutWeights) {
  HostTensor variance = RandomTensor({19}, DType::kFloat32, 5);
  for (double& value : variance.values) value = std::abs(value);
  const auto vector = [](std::uint64_t seed) { return RandomTensor({19}, DType::kFloat32, seed); };
  for (const Dims& dims : {Dims{3, 19, 4, 5}, Dims{3, 19}, Dims{3, 19, 6}}) {
    KernelCase test{op::BatchNorm{1e-3},
                    {RandomTensor(dims), vector(2), vector(3), vector(4), variance},
                    "aten::batch_norm",
                    {Input{0}, Input{1}, Input{2}, Input{3}, Input{4}, false, 0.1, 1e-3, false}};
    test.constants = {1, 2, 3, 4};
    test.batched = {0};
    Check(test);
    test.inputs[1].reset();
    test.inputs[2].reset();
    test.arguments[1] = test.arguments[2] = None{};
    Check(test);
  }
}

TEST(LayerNormTest, OverOneOrMoreDimensions) {
  const HostTensor x = RandomTensor({3, 4, 5, 30});
  for (const Ints& dims : {Ints{30}, Ints{5, 30}}) {
    KernelCase test{
        op::LayerNorm{static_cast<std::int64_t>(dims.size()), 1e-5},
        {x, RandomTensor(dims, DType::kFloat32, 2), RandomTensor(dims, DType::kFloat32, 3)},
        "aten::layer_norm",
        {Input{0}, dims, Input{1}, Input{2}, 1e-5}};
    test.constants = {1, 2};
    test.batched = {0};
    Check(test);
    test.inputs[2].reset();
    test.arguments[3] = None{};
    Check(test);
    test.inputs[1].reset();
    test.arguments[2] = None{};
    Check(test);
  }
}

TEST(LayerNormTest, OfNumbersFarFromZero) {
  HostTensor x = RandomTensor({3, 64});
  for (double& value : x.values) value += 1000;
  KernelCase test{op::LayerNorm{},
                  {x, std::nullopt, std::nullopt},
                  "aten::layer_norm",
                  {Input{0}, Ints{64}, None{}, None{}, 1e-5}};
  test.dtypes = {DType::kFloat32};
  test.tolerance = 1e-4;
  Check(test);
}

TEST(GroupNormTest, FromOneGroupToInstanceNorm) {
  for (const std::int64_t groups : {1, 3, 12}) {
    for (const Dims& dims : {Dims{3, 12, 4, 5}, Dims{3, 12, 8}}) {
      KernelCase test{op::GroupNorm{groups, 1e-5},
                      {RandomTensor(dims), RandomTensor({12}, DType::kFloat32, 2),
                       RandomTensor({12}, DType::kFloat32, 3)},
                      "aten::group_norm",
                      {Input{0}, groups, Input{1}, Input{2}, 1e-5, false}};
      test.constants = {1, 2};
      test.batched = {0};
      Check(test);
      test.inputs[1].reset();
      test.inputs[2].reset();
      test.arguments[2] = test.arguments[3] = None{};
      Check(test);
    }
  }
}

}  // namespace
}  // namespace fedge::testing
