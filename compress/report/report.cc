#include "fedge/compress_report/report.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>

namespace fedge {
namespace {

std::uint64_t Bytes(const Value& value) {
  const auto elements = NumElements(value.shape);
  return elements ? static_cast<std::uint64_t>(elements->base) * DTypeSize(value.dtype) : 0;
}

std::vector<LayerReport> DescribeLayers(const Program& program,
                                        const std::vector<std::optional<WeightChange>>& changes) {
  std::vector<LayerReport> layers;
  for (const Node& node : program.nodes) {
    LayerReport layer;
    WeightChange total;
    bool changed = false;
    for (const ValueId id : node.inputs) {
      if (id == kAbsent || !program.values[id].constant.has_value()) continue;
      const std::uint64_t bytes = Bytes(program.values[id]);
      layer.bytes_before += bytes;
      if (id >= changes.size() || !changes[id].has_value()) {
        layer.bytes_after += bytes;
        continue;
      }
      changed = true;
      layer.bytes_after += changes[id]->bytes_after;
      total.signal += changes[id]->signal;
      total.noise += changes[id]->noise;
      total.largest_error = std::max(total.largest_error, changes[id]->largest_error);
    }
    if (layer.bytes_before == 0) continue;
    layer.name = node.name;
    layer.type = OpName(node.op);
    layer.shape = ToString(program.values[node.outputs[0]].shape);
    if (changed) {
      layer.error =
          WeightError{.sqnr_db = total.noise == 0 ? std::numeric_limits<double>::infinity()
                                                  : 10 * std::log10(total.signal / total.noise),
                      .largest_error = total.largest_error};
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace

void DescribeWeights(const Program& program,
                     const std::vector<std::optional<WeightChange>>& changes,
                     CompressReport& report) {
  report.layers = DescribeLayers(program, changes);
  std::set<ValueId> weights;
  for (const Node& node : program.nodes) {
    for (const ValueId id : node.inputs) {
      if (id == kAbsent || !program.values[id].constant.has_value()) continue;
      if (!weights.insert(id).second) continue;
      const std::uint64_t bytes = Bytes(program.values[id]);
      const bool changed = id < changes.size() && changes[id].has_value();
      report.weight_bytes_before += bytes;
      report.weight_bytes_after += changed ? changes[id]->bytes_after : bytes;
    }
  }
}

std::string CpuName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "";
}

}  // namespace fedge
