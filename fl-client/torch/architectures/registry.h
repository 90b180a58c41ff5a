#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <torch/csrc/jit/api/module.h>

#include "fedge/archive/schema.h"
#include "fedge/common/result.h"
#include "fedge/learn/architectures/layers.h"

namespace fedge {

// What an architecture builds; the schema's architecture and loss are filled in by NewModel.
struct BuiltModel {
  torch::jit::Module module;
  std::vector<TensorSchema> inputs;
  std::vector<TensorSchema> outputs;
};

struct Architecture {
  std::string_view name;   // "mlp"
  std::string_view usage;  // "mlp:IN,...,OUT"
  std::string_view help;
  // sizes  the numbers after the colon, each from 1 to 2^24; none without a colon
  Result<BuiltModel> (*build)(Layers& layers, std::span<const std::int64_t> sizes);
};

// One file each; the list is in architectures.cc.
Result<BuiltModel> BuildMlp(Layers& layers, std::span<const std::int64_t> sizes);
Result<BuiltModel> BuildTwoHiddenLayers(Layers& layers, std::span<const std::int64_t> sizes);
Result<BuiltModel> BuildLenet300(Layers& layers, std::span<const std::int64_t> sizes);
Result<BuiltModel> BuildCnn(Layers& layers, std::span<const std::int64_t> sizes);
Result<BuiltModel> BuildLenet5(Layers& layers, std::span<const std::int64_t> sizes);
Result<BuiltModel> BuildResnet20(Layers& layers, std::span<const std::int64_t> sizes);
Result<BuiltModel> BuildCharLstm(Layers& layers, std::span<const std::int64_t> sizes);

// kInvalidArgument if there are sizes: for architectures that take none.
Status CheckNoSizes(std::span<const std::int64_t> sizes);

}  // namespace fedge
