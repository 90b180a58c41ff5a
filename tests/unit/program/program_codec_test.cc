#include "fedge/program/program_codec.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "fedge/program/wire_scan.h"
#include "fedge/testing/program_builder.h"

namespace fedge {
namespace {

using ::fedge::testing::ProgramBuilder;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A node of each operator with attributes that are not the defaults. It could not run.
Program EveryOperator() {
  using op::Pair;
  const std::vector<Op> ops = {
      op::Unary{op::Unary::Kind::kClamp, -kInfinity, 6.5},
      op::Unary{op::Unary::Kind::kNot},
      op::Binary{op::Binary::Kind::kOr},
      op::Where{},
      op::Cast{},
      op::Conv{{1, 2}, {3, 4}, {5, 6}, {7, 8}, 9, true, {1, 0}},
      op::Conv{},
      op::Linear{},
      op::MatMul{},
      op::Attention{0.125, true},
      op::BatchNorm{1e-3},
      op::LayerNorm{2, 1e-6},
      op::GroupNorm{4, 1e-6},
      op::Softmax{1, true},
      op::Pool{true, {2, 3}, {4, 5}, {1, 0}, {1, 1}, true, false, 7},
      op::AdaptivePool{false},
      op::Reduce{op::Reduce::Kind::kAll, {1, 3}, true},
      op::ArgMax{1, true, true},
      op::TopK{5, 1, false},
      op::Concat{2},
      op::Slice{1, 2, 3},
      op::Reshape{},
      op::Permute{{2, 0, 1}},
      op::Expand{},
      op::Fill{-1.5},
      op::Pad{op::Pad::Mode::kReplicate, {-1, 2}, {3, -4}, 0.5},
      op::Resize{op::Resize::Mode::kLinear, true, 2.0, 1.5},
      op::Gather{1},
      op::CumSum{1},
      op::Recurrent{op::Recurrent::Kind::kGru, true},
      op::Quantize{0.1F, 7},
      op::Dequantize{0.3F, 255},
      op::QuantConv{{1, 2}, {3, 4}, {5, 6}, {7, 8}, 9},
      op::QuantLinear{},
      op::DynamicQuantLinear{},
      op::DynamicQuantConv{{2, 1}, {4, 3}, {6, 5}, {8, 7}, 3},
      op::QuantAdd{0.5F, 0.1F, -3.5F},
  };
  Program program;
  program.values = {
      {"x", DType::kFloat32, {Dim(0, 1), 3}, {}},
      {"w", DType::kBFloat16, {2, 3}, ConstantRef{"data/0", 64, {3, 1}}},
      {"transposed", DType::kInt8, {2, 3}, ConstantRef{"data/1", 0, {1, 2}}},
      {"", DType::kBool, {Dim(1, 2), Dim(-1, 1)}, {}},
      {"scalar", DType::kFloat64, {}, ConstantRef{"extra/fedge/constants.bin", 8, {}}},
  };
  for (const Op& op : ops) {
    program.nodes.push_back({op, {0, kAbsent, 1}, {3}, "layer.0", "net.py:1"});
  }
  program.inputs = {{"x", 0}};
  program.outputs = {{"y", 3}, {"again", 3}};
  return program;
}

TEST(ProgramCodecTest, ReadsWhatItWrites) {
  const Program program = EveryOperator();
  const auto read = ProgramFromBytes(ProgramToBytes(program));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, program);
  EXPECT_EQ(ProgramToBytes(*read), ProgramToBytes(program));
}

TEST(ProgramCodecTest, EveryKindOfOperatorHasANumber) {
  Program program;
  for (int kind = 0; kind <= static_cast<int>(op::Unary::Kind::kNot); ++kind) {
    program.nodes.push_back({op::Unary{static_cast<op::Unary::Kind>(kind)}, {}, {}, "", ""});
  }
  for (int kind = 0; kind <= static_cast<int>(op::Binary::Kind::kOr); ++kind) {
    program.nodes.push_back({op::Binary{static_cast<op::Binary::Kind>(kind)}, {}, {}, "", ""});
  }
  for (int kind = 0; kind <= static_cast<int>(op::Reduce::Kind::kAll); ++kind) {
    program.nodes.push_back({op::Reduce{static_cast<op::Reduce::Kind>(kind), {}}, {}, {}, "", ""});
  }
  for (int dtype = 0; dtype <= static_cast<int>(DType::kBool); ++dtype) {
    program.values.push_back({"", static_cast<DType>(dtype), {}, {}});
  }
  const auto read = ProgramFromBytes(ProgramToBytes(program));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, program);
}

TEST(ProgramCodecTest, WhatIsNotKnownIsRefusedByName) {
  const std::string version_2("\x08\x02", 2);
  EXPECT_EQ(ProgramFromBytes(version_2).status().code(), StatusCode::kUnimplemented);
  const std::string feature = std::string("\x08\x01\x12\x04", 4) + "int4";
  const auto needs = ProgramFromBytes(feature);
  EXPECT_EQ(needs.status().code(), StatusCode::kUnimplemented);
  EXPECT_NE(needs.status().message().find("'int4'"), std::string::npos);
  // Node { <field 99> {} }.
  const std::string op("\x08\x01\x22\x03\x9a\x06\x00", 7);
  EXPECT_EQ(ProgramFromBytes(op).status().message(),
            "node 0: has an operator that this program does not know");
}

TEST(ProgramCodecTest, IntegerLayersAreAFeature) {
  const std::string feature("\x12\x04int8", 6);
  Program program;
  program.nodes.push_back({op::Linear{}, {}, {}, "", ""});
  EXPECT_EQ(ProgramToBytes(program).find(feature), std::string::npos);
  program.nodes.push_back({op::QuantLinear{}, {}, {}, "", ""});
  EXPECT_NE(ProgramToBytes(program).find(feature), std::string::npos);
  EXPECT_TRUE(ProgramFromBytes(ProgramToBytes(program)).ok());
}

TEST(ProgramCodecTest, CountsAreBounded) {
  std::string many("\x08\x01", 2);
  for (int i = 0; i < 1 << 17; ++i) many += std::string("\x1a\x00", 2);
  EXPECT_EQ(ProgramFromBytes(many).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(ProgramFromBytes(std::string(kMaxProgramBytes + 1, '\0')).status().code(),
            StatusCode::kResourceExhausted);
}

TEST(ProgramCodecTest, DamageAnywhereIsAnAnswer) {
  const std::string bytes = ProgramToBytes(EveryOperator());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      const auto program = ProgramFromBytes(damaged);
      if (program.ok()) (void)Validate(*program);
    }
    const auto program = ProgramFromBytes(bytes.substr(0, i));
    if (program.ok()) (void)Validate(*program);
  }
}

TEST(WireScanTest, CountsDownToADepth) {
  // {1: {1: 5, 2: 6}, 2: 7}
  const std::string message("\x0a\x04\x08\x05\x10\x06\x10\x07", 8);
  EXPECT_EQ(internal::CountFields(message, 1), 2u);
  EXPECT_EQ(internal::CountFields(message, 2), 4u);
  EXPECT_EQ(internal::CountFields(message.substr(0, 5), 1), std::nullopt);
  EXPECT_EQ(internal::CountFields("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 1), std::nullopt);
  EXPECT_EQ(internal::CountFields("", 1), 0u);
}

ProgramBuilder SmallBuilder() {
  ProgramBuilder builder;
  const ValueId x = builder.Input("x", {Dim(0, 1), 4});
  builder.Output("y", builder.Add(op::Linear{}, {x, builder.Random({3, 4}), kAbsent}));
  return builder;
}

TEST(ReadProgramTest, ReadsWhatAnArchiveCarries) {
  ProgramBuilder builder = SmallBuilder();
  const std::string file = builder.File();
  const auto archive = Archive::FromBytes(AsBytes(file), "m.pt");
  ASSERT_TRUE(archive.ok()) << archive.status().ToString();
  const auto program = ReadProgram(*archive);
  ASSERT_TRUE(program.ok()) << program.status().ToString();
  EXPECT_EQ(*program, builder.program());
}

TEST(ReadProgramTest, ConstantsThatNoDigestCoversAreRefused) {
  ProgramBuilder builder = SmallBuilder();
  builder.program().values[1].constant->record = "data.pkl";
  const std::string file = builder.File();
  const auto archive = Archive::FromBytes(AsBytes(file), "m.pt");
  ASSERT_TRUE(archive.ok());
  EXPECT_EQ(ReadProgram(*archive).status().code(), StatusCode::kFailedPrecondition);
}

TEST(ReadProgramTest, OneOfOtherTensorsIsRefused) {
  const ProgramBuilder builder = SmallBuilder();
  std::string file = builder.File();
  // The central directory's CRC of the tensor, which stands there without the local header's.
  const std::size_t entry = file.rfind("m/data/0") - 46;
  file[entry + 16] = static_cast<char>(file[entry + 16] ^ 1);
  const auto archive = Archive::FromBytes(AsBytes(file), "m.pt");
  ASSERT_TRUE(archive.ok()) << archive.status().ToString();
  EXPECT_EQ(ReadProgram(*archive).status().code(), StatusCode::kFailedPrecondition);
}

TEST(ReadProgramTest, AnArchiveWithoutOneIsNotFound) {
  const std::string file = testing::TinyModel({});
  const auto archive = Archive::FromBytes(AsBytes(file), "m.pt");
  ASSERT_TRUE(archive.ok()) << archive.status().ToString();
  EXPECT_EQ(ReadProgram(*archive).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace fedge
