#include "fedge/learn/architectures/registry.h"

namespace fedge {

// The stacked character model of McMahan et al. 2017, section 3: 8 numbers per character, two
// layers of 256 cells, scores for the next character at every position. Takes tokens [N, T].
Result<BuiltModel> BuildCharLstm(Layers& layers, std::span<const std::int64_t> sizes) {
  if (sizes.size() > 1)
    return InvalidArgument("it takes one number, that of the characters: char-lstm:90");
  // Unless told, as many as the Shakespeare set of TensorFlow Federated has.
  const std::int64_t num_characters = sizes.empty() ? 90 : sizes.front();
  constexpr std::int64_t kEmbedding = 8;
  constexpr std::int64_t kHidden = 256;
  torch::jit::Module module = layers.Container("CharLstm");
  module.register_module("embedding", layers.Embedding(num_characters, kEmbedding));
  module.register_module("lstm", layers.Lstm(kEmbedding, kHidden, /*num_layers=*/2));
  module.register_module("fc", layers.Linear(kHidden, num_characters));
  module.define(R"(
def forward(self, x: Tensor) -> Tensor:
  return self.fc.forward(self.lstm.forward(self.embedding.forward(x)))
)");
  return BuiltModel{.module = std::move(module),
                    .inputs = {{.name = "x", .dtype = DType::kInt64, .shape = {-1, -1}}},
                    .outputs = {{.name = "logits", .shape = {-1, -1, num_characters}}}};
}

}  // namespace fedge
