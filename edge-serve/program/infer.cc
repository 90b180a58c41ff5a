#include "fedge/program/infer.h"

#include "fedge/program/infer_support.h"

namespace fedge {

Result<std::vector<TensorType>> InferOutputs(const Op& op,
                                             std::span<const TensorType* const> inputs,
                                             std::span<const TensorType> declared) {
  auto types = std::visit(
      [&](const auto& alternative) { return internal::Infer(alternative, inputs, declared); }, op);
  if (!types.ok()) return std::move(types).status().WithContext(OpName(op));
  return types;
}

}  // namespace fedge
