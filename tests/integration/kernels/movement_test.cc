#include <gtest/gtest.h>

#include "kernel_case.h"

namespace fedge::testing {
namespace {

using Ints = std::vector<std::int64_t>;
const std::vector<DType> kAll = {DType::kFloat32, DType::kInt64, DType::kBFloat16, DType::kBool};

TEST(ConcatTest, AlongEachDimension) {
  for (const DType dtype : kAll) {
    for (const std::int64_t dim : {0, 1, 3}) {
      Dims other = {2, 3, 4, 5};
      other[static_cast<std::size_t>(dim)] = 6;
      Check({op::Concat{dim},
             {RandomTensor({2, 3, 4, 5}, dtype), RandomTensor(other, dtype, 2),
              RandomTensor({2, 3, 4, 5}, dtype, 3)},
             "aten::cat",
             {Inputs{{{0}, {1}, {2}}}, dim}});
    }
  }
}

TEST(SliceTest, WithStartAndStep) {
  for (const DType dtype : kAll) {
    const HostTensor x = RandomTensor({2, 9, 4, 7}, dtype);
    for (const auto& [dim, start, end, step] : {std::array<std::int64_t, 4>{1, 2, 8, 1},
                                                {1, 1, 9, 3},
                                                {3, 0, 7, 2},
                                                {0, 1, 2, 1},
                                                {1, 4, 4, 1}}) {
      Check({op::Slice{dim, start, step},
             {x},
             "aten::slice.Tensor",
             {Input{0}, dim, start, end, step}});
    }
  }
}

TEST(ReshapeTest, BetweenAllLayouts) {
  for (const DType dtype : kAll) {
    const HostTensor x = RandomTensor({2, 6, 4, 5}, dtype);
    for (const Dims& dims : {Dims{2, 120}, Dims{12, 20}, Dims{2, 3, 2, 4, 5}, Dims{240},
                             Dims{4, 5, 6, 2}, Dims{1, 2, 6, 1, 20}}) {
      Check({op::Reshape{}, {x}, "aten::reshape", {Input{0}, dims}});
    }
  }
}

TEST(PermuteTest, AllOrders) {
  Ints order = {0, 1, 2, 3};
  do {
    Check({op::Permute{order}, {RandomTensor({2, 3, 4, 5})}, "aten::permute", {Input{0}, order}});
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(ExpandTest, RepeatsSizesOfOne) {
  for (const DType dtype : kAll) {
    Check({op::Expand{},
           {RandomTensor({3, 1, 5}, dtype)},
           "aten::expand",
           {Input{0}, Ints{2, 3, 4, 5}}});
  }
}

TEST(PadTest, EveryMode) {
  using Mode = op::Pad::Mode;
  const HostTensor x = RandomTensor({2, 3, 5, 6});
  Check({op::Pad{Mode::kConstant, {0, 0, 1, 2}, {0, 0, 3, 0}, 1.5},
         {x},
         "aten::constant_pad_nd",
         {Input{0}, Ints{2, 0, 1, 3}, 1.5}});
  Check({op::Pad{Mode::kConstant, {1, 0, -1, 2}, {0, 2, 1, -3}, 0},
         {x},
         "aten::constant_pad_nd",
         {Input{0}, Ints{2, -3, -1, 1, 0, 2, 1, 0}, 0.0}});
  Check({op::Pad{Mode::kReflect, {0, 0, 1, 5}, {0, 0, 4, 2}, 0},
         {x},
         "aten::reflection_pad2d",
         {Input{0}, Ints{5, 2, 1, 4}}});
  Check({op::Pad{Mode::kReplicate, {0, 0, 1, 8}, {0, 0, 4, 0}, 0},
         {x},
         "aten::replication_pad2d",
         {Input{0}, Ints{8, 0, 1, 4}}});
  Check({op::Pad{Mode::kReflect, {0, 0, 2}, {0, 0, 1}, 0},
         {RandomTensor({2, 3, 4})},
         "aten::reflection_pad1d",
         {Input{0}, Ints{2, 1}}});
  Check({op::Pad{Mode::kConstant, {1, 0}, {0, 2}, 3},
         {RandomTensor({2, 3}, DType::kInt64)},
         "aten::constant_pad_nd",
         {Input{0}, Ints{0, 2, 1, 0}, std::int64_t{3}}});
}

TEST(GatherTest, ChoosesSlices) {
  for (const DType dtype : {DType::kInt64, DType::kInt32}) {
    const HostTensor indices{dtype, {2, 3}, {0, 4, 2, 2, 1, 0}};
    const HostTensor flat{dtype, {6}, indices.values};
    KernelCase embedding{
        op::Gather{0}, {RandomTensor({5, 7}), indices}, "aten::embedding", {Input{0}, Input{1}}};
    embedding.constants = {0};
    Check(embedding);
    for (const std::int64_t dim : {0, 1, 2}) {
      Check({op::Gather{dim},
             {RandomTensor({5, 6, 7}), flat},
             "aten::index_select",
             {Input{0}, dim, Input{1}}});
    }
  }
}

TEST(GatherTest, RefusesIndicesOutOfRange) {
  for (const double wrong : {-1.0, 5.0}) {
    const HostTensor indices{DType::kInt64, {3}, {0, wrong, 2}};
    const auto result =
        RunKernel({op::Gather{0}, {RandomTensor({5, 7}), indices}, "", {}},
                  {{DType::kFloat32, {3, 7}, {}}}, Strides::kRowMajor, Strides::kRowMajor, false);
    EXPECT_EQ(result.status().code(), StatusCode::kOutOfRange);
    EXPECT_NE(result.status().message().find(fmt::format("index {}", wrong)), std::string::npos);
  }
}

TEST(GatherTest, WidensAHalfTable) {
  const HostTensor table = RandomTensor({5, 7}, DType::kFloat16);
  const HostTensor indices{DType::kInt64, {2}, {3, 1}};
  const auto actual =
      RunKernel({op::Gather{0}, {table, indices}, "", {}}, {{DType::kFloat32, {2, 7}, {}}},
                Strides::kRowMajor, Strides::kRowMajor, false)
          .value();
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(actual[0].values[i], table.values[21 + i]);
    EXPECT_EQ(actual[0].values[7 + i], table.values[7 + i]);
  }
}

}  // namespace
}  // namespace fedge::testing
