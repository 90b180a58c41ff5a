#include <algorithm>
#include <utility>

#include "fedge/engine/plan_builder.h"

// How a node gets its kernel: what providers are offered, and what is taken.
namespace fedge::internal {
namespace {

// Whose output may be the very memory of an input (see kernel.h).
bool WorksInPlace(const Op& op) {
  return std::holds_alternative<op::Unary>(op) || std::holds_alternative<op::Binary>(op) ||
         std::holds_alternative<op::Where>(op) || std::holds_alternative<op::Cast>(op) ||
         std::holds_alternative<op::BatchNorm>(op) || std::holds_alternative<op::QuantAdd>(op);
}

TensorView ViewOfRegion(DType dtype, const Region& region) {
  return {nullptr, dtype, region.dims, region.strides};
}

// A node's constants, under names that are theirs for as long as the model lives.
class NodePacker final : public Packer {
 public:
  NodePacker(const Graph& graph, const Placement& placement, std::span<const Place> inputs,
             PackCache& cache)
      : graph_(graph), placement_(placement), inputs_(inputs), cache_(cache) {}

  Packed Pack(std::size_t input, std::string_view form, std::size_t bytes,
              const std::function<void(std::span<std::byte>)>& fill) override {
    const Region& region = inputs_[input].region;
    const GraphValue& value = graph_.values[placement_.block(inputs_[input].block).constant];
    const std::string key = fmt::format(
        "{} {} +{} [{}] [{}] {}", static_cast<const void*>(value.constant->constant.get()),
        DTypeName(value.dtype), region.offset, fmt::join(region.dims, ","),
        fmt::join(region.strides, ","), form);
    return cache_.Get(key, bytes, fill);
  }

 private:
  const Graph& graph_;
  const Placement& placement_;
  const std::span<const Place> inputs_;
  PackCache& cache_;
};

}  // namespace

std::optional<Place> PlanBuilder::InPlace(const Node& node, ValueId output) const {
  if (!WorksInPlace(node.op) || !placement_.HasOwnHome(output)) return std::nullopt;
  const GraphValue& value = graph_.values[output];
  const Region wanted = DenseRegion(placement_.dims(output), value.layout);
  for (const ValueId id : node.inputs) {
    if (id == kAbsent) continue;
    const Place& place = placement_.at(id);
    const Block& block = placement_.block(place.block);
    // Other inputs may be other views of the same memory.
    const auto in_block = [&](ValueId other) {
      return other != kAbsent && placement_.at(other).block == place.block;
    };
    const bool alone = std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId other) {
      return !in_block(other) || placement_.at(other).region == place.region;
    });
    const auto uses =
        static_cast<std::size_t>(std::count_if(node.inputs.begin(), node.inputs.end(), in_block));
    if (block.memory == Memory::kArena && block.uses == uses && alone && place.region == wanted &&
        DTypeSize(graph_.values[id].dtype) == DTypeSize(value.dtype) &&
        block.bytes ==
            static_cast<std::size_t>(NumElements(wanted.dims)) * DTypeSize(value.dtype)) {
      return place;
    }
  }
  return std::nullopt;
}

std::vector<Place> PlanBuilder::OutputPlaces(const Node& node, bool own) {
  std::vector<Place> places;
  for (const ValueId id : node.outputs) {
    if (own) {
      places.push_back(placement_.NewPlace(id, graph_.values[id].layout));
    } else if (auto place = InPlace(node, id)) {
      places.push_back(std::move(*place));
    } else {
      places.push_back(placement_.Home(id));
    }
  }
  return places;
}

PlanBuilder::Offer PlanBuilder::MakeDense(const Node& node, const Offer& offer) {
  Offer dense = offer;
  const bool channels_last = graph_.values[node.outputs[0]].layout == Layout::kChannelsLast;
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    const ValueId id = node.inputs[k];
    if (id == kAbsent || placement_.block(offer.inputs[k].block).memory == Memory::kConstant) {
      continue;
    }
    const Region& region = offer.inputs[k].region;
    const Layout layout =
        channels_last && region.dims.size() == 4 ? Layout::kChannelsLast : Layout::kRowMajor;
    if (IsDense(region, layout)) continue;
    dense.inputs[k] = placement_.NewPlace(id, layout);
    dense.copies.push_back(k);
  }
  return dense;
}

Status PlanBuilder::AddKernel(std::size_t index) {
  const GraphNode& node = graph_.nodes[index];
  Offer offer;
  for (const ValueId id : node.node.inputs) {
    offer.inputs.push_back(id == kAbsent ? Place{} : placement_.at(id));
  }
  offer.outputs = OutputPlaces(node.node, false);
  std::vector<Offer> offers = {offer};
  if (!std::all_of(node.node.outputs.begin(), node.node.outputs.end(),
                   [&](ValueId id) { return placement_.HasOwnHome(id); })) {
    offers.push_back(offer);
    offers.back().outputs = OutputPlaces(node.node, true);
  }
  for (std::size_t i = 0, count = offers.size(); i < count; ++i) {
    Offer dense = MakeDense(node.node, offers[i]);
    if (!dense.copies.empty()) offers.push_back(std::move(dense));
  }
  for (const auto& provider : providers_) {
    for (const Offer& made : offers) {
      FEDGE_ASSIGN_OR_RETURN(auto kernel, Ask(*provider, node, made));
      if (kernel != nullptr) return Take(index, std::move(kernel), made);
    }
  }
  std::string types;
  for (const ValueId id : node.node.inputs) {
    if (id == kAbsent) continue;
    types += fmt::format("{}{} {}", types.empty() ? "" : ", ", DTypeName(graph_.values[id].dtype),
                         ToString(graph_.values[id].shape));
  }
  return Unimplemented("no provider has a kernel for {}", types);
}

Result<std::unique_ptr<const Kernel>> PlanBuilder::Ask(const KernelProvider& provider,
                                                       const GraphNode& node, const Offer& offer) {
  std::vector<TensorView> inputs;
  std::vector<TensorView> outputs;
  std::vector<Constant::Bytes> held;
  for (std::size_t k = 0; k < node.node.inputs.size(); ++k) {
    const ValueId id = node.node.inputs[k];
    inputs.emplace_back();
    if (id == kAbsent) continue;
    const GraphValue& value = graph_.values[id];
    inputs.back() = ViewOfRegion(value.dtype, offer.inputs[k].region);
    const Block& block = placement_.block(offer.inputs[k].block);
    if (block.memory != Memory::kConstant) continue;
    const GraphValue& stored = graph_.values[block.constant];
    FEDGE_ASSIGN_OR_RETURN(Constant::Bytes bytes, stored.constant->constant->Hold());
    // Kernels take mutable views of inputs, but do not write to them.
    inputs.back().data =
        const_cast<std::byte*>(bytes.get()) +
        offer.inputs[k].region.offset * static_cast<std::int64_t>(DTypeSize(value.dtype));
    held.push_back(std::move(bytes));
  }
  for (std::size_t k = 0; k < node.node.outputs.size(); ++k) {
    outputs.push_back(
        ViewOfRegion(graph_.values[node.node.outputs[k]].dtype, offer.outputs[k].region));
  }
  NodePacker packer(graph_, placement_, offer.inputs, packs_);
  return provider.Make({node.node, node.post_ops, inputs, outputs, &packer});
}

Status PlanBuilder::Take(std::size_t index, std::unique_ptr<const Kernel> kernel,
                         const Offer& offer) {
  const Node& node = graph_.nodes[index].node;
  for (const std::size_t k : offer.copies) {
    FEDGE_RETURN_IF_ERROR(AddCopy(node.inputs[k], placement_.at(node.inputs[k]), offer.inputs[k]));
  }
  for (const ValueId id : node.inputs) {
    if (id != kAbsent) placement_.Consume(id);
  }
  for (std::size_t k = 0; k < node.outputs.size(); ++k) {
    placement_.Put(node.outputs[k], offer.outputs[k]);
  }
  Emit(std::move(kernel), node, offer);
  // Constants that the kernel reads stay in memory.
  const Step& step = plan_->steps.back();
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    PlannedView& view = plan_->views[step.first_view + k];
    if (view.memory != Memory::kConstant || view.absent || !step.kernel->reads(k)) continue;
    const ValueId stored = placement_.block(offer.inputs[k].block).constant;
    FEDGE_ASSIGN_OR_RETURN(Constant::Bytes bytes, graph_.values[stored].constant->constant->Hold());
    view.constant = bytes.get();
    plan_->held.push_back(std::move(bytes));
  }
  return OkStatus();
}

}  // namespace fedge::internal
