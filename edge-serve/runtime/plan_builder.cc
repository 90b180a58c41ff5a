#include "fedge/engine/plan_builder.h"

#include <algorithm>
#include <utility>

#include "fedge/archive/record_name.h"

namespace fedge::internal {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

bool OnlyLooks(const Op& op) {
  return std::holds_alternative<op::Permute>(op) || std::holds_alternative<op::Expand>(op) ||
         std::holds_alternative<op::Slice>(op) || std::holds_alternative<op::Reshape>(op);
}

}  // namespace

std::string NodeText(const Graph& graph, std::size_t node) {
  const Node& named = graph.nodes[node].node;
  std::string text = fmt::format("node {} ({}", node, OpName(named.op));
  if (!named.name.empty()) text += fmt::format(" '{}'", PrintableName(named.name));
  if (!named.source.empty()) text += fmt::format(" at {}", PrintableName(named.source));
  return text + ")";
}

PlanBuilder::PlanBuilder(const Graph& graph, Providers providers, PackCache& packs,
                         const PlanOptions& options)
    : graph_(graph),
      providers_(providers),
      packs_(packs),
      options_(options),
      placement_(graph, options.batch) {
  plan_->batch = options.batch;
}

Result<std::shared_ptr<const Plan>> PlanBuilder::Build() {
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    node_ = i;
    if (const Status status = Add(i); !status.ok()) {
      return status.WithContext(NodeText(graph_, i));
    }
  }
  FEDGE_RETURN_IF_ERROR(FinishOutputs());
  plan_->arena_bytes = placement_.Finish();
  if (plan_->arena_bytes > options_.max_arena_bytes) {
    return ResourceExhausted("a batch of {} needs {} bytes; {} are allowed", options_.batch,
                             plan_->arena_bytes, options_.max_arena_bytes);
  }
  FillViews();
  return std::shared_ptr<const Plan>(std::move(plan_));
}

Status PlanBuilder::Add(std::size_t index) {
  const Node& node = graph_.nodes[index].node;
  if (std::holds_alternative<op::Concat>(node.op)) return AddConcat(index);
  if (OnlyLooks(node.op) && AddView(node)) return OkStatus();
  return AddKernel(index);
}

bool PlanBuilder::AddView(const Node& node) {
  const ValueId x = node.inputs[0];
  const ValueId y = node.outputs[0];
  const Place& from = placement_.at(x);
  auto region = ViewOf(node.op, from.region, placement_.dims(y));
  if (!region.has_value()) return false;
  placement_.PutView(y, from.block, std::move(*region));
  placement_.Consume(x);
  return true;
}

Status PlanBuilder::AddConcat(std::size_t index) {
  const Node& node = graph_.nodes[index].node;
  const ValueId output = node.outputs[0];
  if (!placement_.HasPlace(output)) placement_.Put(output, placement_.Home(output));
  const auto dim = static_cast<std::size_t>(std::get<op::Concat>(node.op).dim);
  Region part = placement_.at(output).region;
  for (const ValueId id : node.inputs) {
    part.dims = placement_.dims(id);
    const Place to{placement_.at(output).block, part};
    const Place from = placement_.at(id);
    // Else it was made there.
    if (from.block != to.block || from.region != to.region) {
      FEDGE_RETURN_IF_ERROR(AddCopy(id, from, to));
    }
    part.offset += part.dims[dim] * part.strides[dim];
    placement_.Consume(id);
  }
  return OkStatus();
}

Status PlanBuilder::AddCopy(ValueId id, const Place& from, const Place& to) {
  GraphNode copy{{op::Reshape{}, {id}, {id}, "", ""}, {}, false};
  const Offer offer{{from}, {to}, {}};
  for (const auto& provider : providers_) {
    FEDGE_ASSIGN_OR_RETURN(auto kernel, Ask(*provider, copy, offer));
    if (kernel == nullptr) continue;
    Emit(std::move(kernel), copy.node, offer);
    PlannedView& view = plan_->views[plan_->steps.back().first_view];
    if (view.memory == Memory::kConstant) {
      const ValueId stored = placement_.block(from.block).constant;
      FEDGE_ASSIGN_OR_RETURN(Constant::Bytes bytes,
                             graph_.values[stored].constant->constant->Hold());
      view.constant = bytes.get();
      plan_->held.push_back(std::move(bytes));
    }
    return OkStatus();
  }
  return Unimplemented("no provider can copy {} {}", DTypeName(graph_.values[id].dtype),
                       ToString(graph_.values[id].shape));
}

void PlanBuilder::AddPlannedView(ValueId id, const Place& place) {
  PlannedView view;
  view.absent = id == kAbsent;
  view_blocks_.push_back(view.absent ? kNone : place.block);
  if (!view.absent) {
    const Block& block = placement_.block(place.block);
    view.memory = block.memory;
    view.port = block.port;
    view.dtype = graph_.values[id].dtype;
    view.region = place.region;
    view.offset = place.region.offset * static_cast<std::int64_t>(DTypeSize(view.dtype));
    placement_.Touch(place.block, plan_->steps.size());
  }
  plan_->views.push_back(std::move(view));
}

void PlanBuilder::Emit(std::unique_ptr<const Kernel> kernel, const Node& node, const Offer& offer) {
  Step step{.kernel = std::move(kernel),
            .first_view = plan_->views.size(),
            .num_inputs = node.inputs.size(),
            .num_outputs = node.outputs.size(),
            .node = node_};
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    AddPlannedView(node.inputs[k], offer.inputs[k]);
  }
  for (std::size_t k = 0; k < node.outputs.size(); ++k) {
    AddPlannedView(node.outputs[k], offer.outputs[k]);
  }
  step.scratch_bytes = step.kernel->scratch_bytes();
  scratch_blocks_.push_back(step.scratch_bytes == 0
                                ? kNone
                                : placement_.AddScratch(step.scratch_bytes, plan_->steps.size()));
  plan_->steps.push_back(std::move(step));
}

Status PlanBuilder::FinishOutputs() {
  for (std::uint32_t port = 0; port < graph_.outputs.size(); ++port) {
    const ValueId id = graph_.outputs[port].value;
    const Place from = placement_.at(id);
    const Place to = placement_.OutputPlace(port);
    if (from.block == to.block && from.region == to.region) continue;
    if (const Status status = AddCopy(id, from, to); !status.ok()) {
      return status.WithContext(
          fmt::format("output '{}'", PrintableName(graph_.outputs[port].name)));
    }
  }
  return OkStatus();
}

void PlanBuilder::FillViews() {
  for (std::size_t i = 0; i < plan_->views.size(); ++i) {
    PlannedView& view = plan_->views[i];
    if (!view.absent && view.memory == Memory::kArena) {
      view.offset += static_cast<std::int64_t>(placement_.offset(view_blocks_[i]));
    }
  }
  for (std::size_t i = 0; i < plan_->steps.size(); ++i) {
    if (scratch_blocks_[i] != kNone) {
      plan_->steps[i].scratch_offset = placement_.offset(scratch_blocks_[i]);
    }
  }
  const auto bytes = [&](const Port& port) {
    return static_cast<std::size_t>(NumElements(placement_.dims(port.value))) *
           DTypeSize(graph_.values[port.value].dtype);
  };
  for (const Port& port : graph_.inputs) plan_->input_bytes.push_back(bytes(port));
  for (const Port& port : graph_.outputs) plan_->output_bytes.push_back(bytes(port));
}

namespace {

// Sizes at this batch must be numbers that can be computed with.
Status CheckSizes(const Graph& graph, const PlanOptions& options) {
  for (const GraphValue& value : graph.values) {
    auto bytes = static_cast<std::int64_t>(DTypeSize(value.dtype));
    for (const std::int64_t dim : At(value.shape, options.batch)) {
      if (!__builtin_mul_overflow(bytes, std::max<std::int64_t>(dim, 1), &bytes) &&
          static_cast<std::uint64_t>(bytes) <= options.max_arena_bytes) {
        continue;
      }
      if (value.constant.has_value()) break;  // nothing is allocated for it
      return ResourceExhausted("a tensor of {} needs more than {} bytes at a batch of {}",
                               ToString(value.shape), options.max_arena_bytes, options.batch);
    }
  }
  return OkStatus();
}

}  // namespace

Result<std::shared_ptr<const Plan>> BuildPlan(const Graph& graph, Providers providers,
                                              PackCache& packs, const PlanOptions& options) {
  FEDGE_RETURN_IF_ERROR(CheckSizes(graph, options));
  return PlanBuilder(graph, providers, packs, options).Build();
}

}  // namespace fedge::internal
