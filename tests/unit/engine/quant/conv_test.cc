#include <cmath>
#include <cstdlib>
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "reference.h"

namespace fedge::testing {
namespace {

struct Shape {
  std::int64_t batch, channels, height, width, outputs, kernel_height, kernel_width;
};

op::QuantConv Padded(std::int64_t pad, std::int64_t stride = 1, std::int64_t groups = 1) {
  return {
      .stride = {stride, stride}, .pad_begin = {pad, pad}, .pad_end = {pad, pad}, .groups = groups};
}

// Of weights from -largest to largest; scales that put the outputs around 128, some beyond.
ByteCase MakeCase(const op::QuantConv& op, const Shape& s, int largest, DType dtype) {
  ByteCase test{op, {}, {}, dtype};
  test.inputs.emplace_back(
      RandomBytes(DType::kUInt8, {s.batch, s.channels, s.height, s.width}, 0, 255, 1));
  test.inputs[0]->channels_last = true;
  const Dims dims = {s.outputs, s.channels / op.groups, s.kernel_height, s.kernel_width};
  test.inputs.emplace_back(RandomBytes(DType::kInt8, dims, -largest, largest, 2));
  const auto terms = static_cast<float>(dims[1] * dims[2] * dims[3]);
  const float spread = 100 * static_cast<float>(largest) * std::sqrt(terms);
  test.inputs.emplace_back(RandomFloats({s.outputs}, -spread, 2 * spread, 3));
  test.inputs.emplace_back(RandomFloats({s.outputs}, 20 / spread, 150 / spread, 4));
  test.output = ConvOutput(AsConv(op), *test.inputs[0], *test.inputs[1]);
  return test;
}

std::vector<float> Expected(const ByteCase& test) {
  const op::Conv op = AsConv(std::get<op::QuantConv>(test.op));
  const auto sums = ConvSums(op, *test.inputs[0], *test.inputs[1], test.output, 0);
  std::int64_t inner = 1;
  for (std::size_t d = 2; d < test.output.size(); ++d) inner *= test.output[d];
  return Requantized(sums, inner, *test.inputs[2], *test.inputs[3], test.dtype);
}

// Whether oneDNN's code may be asked for whatever weights there are.
bool CpuIsExact() {
#if defined(__x86_64__)
  return OneDnn() != nullptr && std::getenv("DNNL_MAX_CPU_ISA") == nullptr &&
         __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

const std::pair<op::QuantConv, Shape> kCases[] = {
    {Padded(0), {2, 16, 5, 7, 32, 1, 1}},
    {Padded(0, 2), {1, 24, 9, 8, 40, 1, 1}},
    {Padded(0), {1, 3, 6, 6, 5, 1, 1}},
    {Padded(0), {1, 37, 7, 7, 33, 1, 1}},
    {Padded(1), {2, 5, 7, 9, 37, 3, 3}},
    {Padded(1), {1, 64, 8, 8, 64, 3, 3}},
    {Padded(1, 2), {2, 17, 9, 8, 33, 3, 3}},
    {Padded(3, 2), {1, 3, 17, 15, 24, 7, 7}},
    {Padded(2), {2, 1, 9, 9, 6, 5, 5}},
    {Padded(0), {2, 6, 8, 8, 16, 5, 5}},
    {Padded(0), {2, 3, 3, 3, 5, 3, 3}},
    {Padded(5), {1, 4, 3, 3, 5, 3, 3}},
    {{.stride = {2, 1}, .pad_begin = {0, 2}, .pad_end = {0, 2}, .dilation = {2, 3}},
     {2, 4, 11, 12, 40, 3, 2}},
    {{.pad_begin = {2, 2}, .pad_end = {2, 2}, .dilation = {2, 2}}, {1, 32, 7, 7, 32, 3, 3}},
    {{.pad_begin = {0, 2}, .pad_end = {1, 0}}, {2, 8, 5, 6, 16, 3, 3}},
    {{.pad_begin = {1, 0}, .pad_end = {1, 0}}, {2, 9, 8, 5, 12, 3, 1}},
    {Padded(1, 1, 19), {2, 19, 6, 5, 19, 3, 3}},
    {Padded(1, 2, 96), {1, 96, 9, 8, 96, 3, 3}},
    {Padded(2, 1, 64), {1, 64, 6, 5, 64, 5, 5}},
    {Padded(1, 1, 8), {1, 8, 6, 6, 24, 3, 3}},
    {Padded(1, 1, 4), {2, 32, 6, 6, 32, 3, 3}},
    {Padded(1, 2, 3), {1, 15, 9, 9, 21, 3, 3}},
    {Padded(0, 1, 2), {1, 32, 6, 6, 32, 1, 1}},
    {Padded(0), {1, 4096, 1, 2, 9, 1, 1}},
    {Padded(1), {1, 455, 3, 3, 4, 3, 3}},
};

std::string NameOf(const op::QuantConv& op, const Shape& s) {
  return fmt::format("{} channels, {} outputs, {} groups, kernel {}", s.channels, s.outputs,
                     op.groups, s.kernel_height);
}

TEST(QuantConvTest, AGridOfShapesIsExact) {
  int taken = 0;
  for (const auto& [op, shape] : kCases) {
    for (const int largest : {127, 64}) {
      for (const DType dtype : {DType::kUInt8, DType::kFloat32}) {
        SCOPED_TRACE(
            fmt::format("{}, weights to {}, {}", NameOf(op, shape), largest, DTypeName(dtype)));
        const ByteCase test = MakeCase(op, shape, largest, dtype);
        if (ExpectExactly(test, Expected(test))) ++taken;
      }
    }
  }
  ::testing::Test::RecordProperty("taken_by_onednn", taken);
  // All but what it has only by matrix products of gathered rows.
  if (CpuIsExact()) {
    EXPECT_GE(taken, static_cast<int>(std::size(kCases)) * 3);
  }
}

TEST(QuantConvTest, SumsDoNotSaturate) {
  for (const float weight : {127.0F, -128.0F}) {
    for (const auto& [op, shape] : kCases) {
      SCOPED_TRACE(fmt::format("{}, weights {}", NameOf(op, shape), weight));
      ByteCase test = MakeCase(op, shape, 127, DType::kUInt8);
      test.inputs[0] = Same(DType::kUInt8, test.inputs[0]->dims, 255);
      test.inputs[0]->channels_last = true;
      test.inputs[1] = Same(DType::kInt8, test.inputs[1]->dims, weight);
      const auto terms = static_cast<float>(test.inputs[1]->size() / test.inputs[1]->dims[0]);
      test.inputs[2] = Same(DType::kFloat32, test.inputs[2]->dims, weight < 0 ? 40000 * terms : 0);
      test.inputs[3] = Same(DType::kFloat32, test.inputs[3]->dims, 200 / (255 * 127 * terms));
      ExpectExactly(test, Expected(test));
    }
  }
}

// reference/compression.md, the saturation probe.
TEST(QuantConvTest, TheSaturationProbeGives200) {
  ByteCase test = MakeCase(Padded(0), {1, 64, 3, 3, 16, 3, 3}, 127, DType::kUInt8);
  test.inputs[0] = Same(DType::kUInt8, test.inputs[0]->dims, 255);
  test.inputs[0]->channels_last = true;
  test.inputs[1] = Same(DType::kInt8, test.inputs[1]->dims, 127);
  test.inputs[2] = Same(DType::kFloat32, {16}, 0);
  test.inputs[3] = Same(DType::kFloat32, {16}, 200 / (255.0F * 127 * 576));
  ExpectExactly(test, std::vector<float>(16, 200));
}

TEST(QuantConvTest, NumbersBeyondInt32Saturate) {
  ByteCase test = MakeCase(Padded(1), {1, 8, 4, 4, 16, 3, 3}, 64, DType::kUInt8);
  test.inputs[3] = Same(DType::kFloat32, {16}, 1e30F);
  ExpectExactly(test, Expected(test));
}

TEST(QuantConvTest, HalvesRoundToEven) {
  ByteCase test{op::QuantConv{}, {}, {1, 1, 1, 11}};
  std::vector<float> bytes, expected;
  for (int i = 0; i < 11; ++i) {
    bytes.push_back(static_cast<float>(i));
    expected.push_back(static_cast<float>((i / 2) + (i % 4 == 3 ? 1 : 0)));
  }
  test.inputs = {MakeTensor(DType::kUInt8, {1, 1, 1, 11}, bytes),
                 Same(DType::kInt8, {1, 1, 1, 1}, 1), Same(DType::kFloat32, {1}, 0),
                 Same(DType::kFloat32, {1}, 0.5F)};
  test.inputs[0]->channels_last = true;
  ExpectExactly(test, expected);
}

TEST(QuantConvTest, LayoutsAndWeightsThatAreNotConstantDoNotMatter) {
  for (const auto& [op, shape] : {kCases[4], kCases[16], kCases[20]}) {
    ByteCase test = MakeCase(op, shape, 127, DType::kUInt8);
    test.constants = false;
    ExpectExactly(test, Expected(test));
    test.inputs[0]->channels_last = false;
    ExpectExactly(test, Expected(test));
  }
}

TEST(QuantConvTest, OneDimension) {
  ByteCase test{op::QuantConv{.stride = {1, 2}, .pad_begin = {0, 1}, .pad_end = {0, 2}}, {}, {}};
  test.inputs = {RandomBytes(DType::kUInt8, {2, 12, 19}, 0, 255, 1),
                 RandomBytes(DType::kInt8, {7, 12, 4}, -64, 64, 2),
                 RandomFloats({7}, -1e4F, 1e5F, 3), RandomFloats({7}, 0.001F, 0.002F, 4)};
  test.inputs[0]->channels_last = true;
  test.output =
      ConvOutput(AsConv(std::get<op::QuantConv>(test.op)), *test.inputs[0], *test.inputs[1]);
  ExpectExactly(test, Expected(test));
}

TEST(QuantConvTest, ARowAloneGivesTheSameBytes) {
  ExpectRowsAlone(MakeCase(Padded(1), {7, 12, 5, 6, 20, 3, 3}, 64, DType::kUInt8));
  ExpectRowsAlone(MakeCase(Padded(1, 1, 24), {7, 24, 5, 6, 24, 3, 3}, 127, DType::kUInt8));
}

}  // namespace
}  // namespace fedge::testing
