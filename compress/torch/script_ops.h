#pragma once

#include <string>

#include "fedge/compress_torch/script_writer.h"

namespace fedge::internal {

using Text = std::string;

// Layers: the right side of a node's line. All other operators stand in script_ops.cc.
Text WriteOp(const op::Conv& op, const ScriptNode& node);
Text WriteOp(const op::Linear& op, const ScriptNode& node);
Text WriteOp(const op::MatMul& op, const ScriptNode& node);
Text WriteOp(const op::Attention& op, const ScriptNode& node);
Text WriteOp(const op::BatchNorm& op, const ScriptNode& node);
Text WriteOp(const op::LayerNorm& op, const ScriptNode& node);
Text WriteOp(const op::GroupNorm& op, const ScriptNode& node);
Text WriteOp(const op::Pool& op, const ScriptNode& node);
Text WriteOp(const op::AdaptivePool& op, const ScriptNode& node);
Text WriteOp(const op::Resize& op, const ScriptNode& node);
Text WriteOp(const op::Recurrent& op, const ScriptNode& node);

}  // namespace fedge::internal
