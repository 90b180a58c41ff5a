#include "fedge/program/program.h"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/testing/program_builder.h"

namespace fedge {
namespace {

using ::fedge::testing::ProgramBuilder;

// x [N, 4] -> linear -> relu.
Program SmallProgram() {
  ProgramBuilder builder;
  const ValueId x = builder.Input("x", {Dim(0, 1), 4});
  const ValueId y = builder.Add(op::Linear{}, {x, builder.Random({3, 4}), kAbsent});
  builder.Output("y", builder.Relu(y));
  return builder.program();
}

TEST(ProgramTest, ASoundOneIsValid) {
  const Status status = Validate(SmallProgram());
  EXPECT_TRUE(status.ok()) << status.ToString();
}

struct Damage {
  std::string error;  // what the message contains
  std::function<void(Program&)> apply;
};

TEST(ProgramTest, WhatIsWrongIsNamed) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  const std::vector<Damage> damages = {
      {"has no outputs", [](Program& p) { p.outputs.clear(); }},
      {"names value 99", [](Program& p) { p.nodes[0].inputs[0] = 99; }},
      {"names value 99", [](Program& p) { p.nodes[0].outputs[0] = 99; }},
      {"names value 99", [](Program& p) { p.outputs[0].value = 99; }},
      {"names value", [](Program& p) { p.outputs[0].value = kAbsent; }},
      {"is used before it is made", [](Program& p) { std::swap(p.nodes[0], p.nodes[1]); }},
      {"is made twice", [](Program& p) { p.nodes[1].outputs = p.nodes[0].outputs; }},
      {"is made twice",
       [](Program& p) {
         p.inputs.push_back({"again", p.inputs[0].value});
       }},
      {"two outputs are called 'y'", [](Program& p) { p.outputs.push_back(p.outputs[0]); }},
      {"declares 2 outputs",
       [](Program& p) {
         p.values.push_back({});
         p.nodes[1].outputs.push_back(static_cast<ValueId>(p.values.size() - 1));
       }},
      {"is declared int64",
       [](Program& p) { p.values[p.nodes[1].outputs[0]].dtype = DType::kInt64; }},
      {"is declared float32 [N, 5], but is float32 [N, 3]",
       [](Program& p) { p.values[p.nodes[1].outputs[0]].shape[1] = 5; }},
      {"negative at some batch", [](Program& p) { p.values[0].shape[0] = Dim(4, -1); }},
      {"negative at some batch", [](Program& p) { p.values[0].shape[0] = -1; }},
      {"too large", [](Program& p) { p.values[0].shape[0] = Dim(0, kLeast); }},
      {"too large", [](Program& p) { p.values[0].shape[0] = Dim(kLeast, 0); }},
      {"more than",
       [](Program& p) {
         p.values[0].shape = {1 << 20, 1 << 20};
       }},
      {"9 dimensions", [](Program& p) { p.values[0].shape = Shape(9, 1); }},
      {"depends on the batch", [](Program& p) { p.values[1].shape[0] = Dim(0, 3); }},
      {"has 1 strides", [](Program& p) { p.values[1].constant->strides = {1}; }},
      {"has a stride of -1", [](Program& p) { p.values[1].constant->strides[0] = -1; }},
      {"takes x, weight, bias?", [](Program& p) { p.nodes[0].inputs.pop_back(); }},
  };
  for (const Damage& damage : damages) {
    Program program = SmallProgram();
    damage.apply(program);
    const Status status = Validate(program);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(damage.error), std::string::npos) << damage.error << "\n"
                                                                      << status.message();
  }
}

TEST(ProgramTest, NamesTheNodeAndWhereItStands) {
  Program program = SmallProgram();
  program.nodes[1].name = "act\n";
  program.nodes[1].source = "net.py:12";
  program.nodes[1].inputs.push_back(0);
  EXPECT_TRUE(Validate(program).message().starts_with("node 1 (relu 'act?' at net.py:12): "))
      << Validate(program).message();
}

}  // namespace
}  // namespace fedge
