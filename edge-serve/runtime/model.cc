#include "fedge/engine/model.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <optional>
#include <utility>

#include "fedge/archive/record_name.h"
#include "fedge/engine/load_graph.h"
#include "fedge/engine/passes/pass.h"
#include "fedge/engine/plan.h"
#include "fedge/program/program_codec.h"

namespace fedge {

using internal::Plan;

struct Model::Impl {
  std::shared_ptr<const Archive> archive;
  ModelOptions options;
  internal::Graph graph;  // after all passes
  std::vector<ModelPort> inputs;
  std::vector<ModelPort> outputs;
  DType compute_type = DType::kFloat32;

  // One plan is built at a time, while others may be fetched.
  std::mutex build_mutex;
  internal::PackCache packs;  // under build_mutex
  std::mutex plans_mutex;
  std::list<std::shared_ptr<const Plan>> plans;  // the last used one first

  std::shared_ptr<const Plan> FindPlan(std::int64_t batch) {
    const std::scoped_lock lock(plans_mutex);
    const auto found = std::find_if(plans.begin(), plans.end(),
                                    [&](const auto& plan) { return plan->batch == batch; });
    if (found == plans.end()) return nullptr;
    plans.splice(plans.begin(), plans, found);
    return plans.front();
  }

  void Keep(std::shared_ptr<const Plan> plan) {
    std::shared_ptr<const Plan> dropped;  // after the lock
    const std::scoped_lock lock(plans_mutex);
    plans.push_front(std::move(plan));
    if (plans.size() <= std::max<std::size_t>(options.max_plans, 1)) return;
    dropped = std::move(plans.back());
    plans.pop_back();
  }
};

namespace {

std::vector<ModelPort> PortsOf(const internal::Graph& graph, const std::vector<Port>& ports) {
  std::vector<ModelPort> result;
  for (const Port& port : ports) {
    const internal::GraphValue& value = graph.values[port.value];
    result.push_back({port.name, value.dtype, value.shape});
  }
  return result;
}

// The batch at which `dim` is `size`, if there is exactly one; 0 if any; nullopt if none.
std::optional<std::int64_t> Solve(const Dim& dim, std::int64_t size) {
  if (dim.is_constant()) return dim.base == size ? std::optional<std::int64_t>(0) : std::nullopt;
  std::int64_t grown = 0;
  if (__builtin_sub_overflow(size, dim.base, &grown) || grown % dim.per_batch != 0) {
    return std::nullopt;
  }
  const std::int64_t batch = grown / dim.per_batch;
  return batch >= 1 && batch <= kMaxBatch ? std::optional(batch) : std::nullopt;
}

}  // namespace

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;
const std::vector<ModelPort>& Model::inputs() const { return impl_->inputs; }
const std::vector<ModelPort>& Model::outputs() const { return impl_->outputs; }
DType Model::compute_type() const { return impl_->compute_type; }

std::size_t NumBytes(const ModelPort& port, std::int64_t batch) {
  std::size_t bytes = DTypeSize(port.dtype);
  for (const Dim& dim : port.shape) bytes *= static_cast<std::size_t>(dim.At(batch));
  return bytes;
}

Result<std::shared_ptr<const Model>> Model::Load(const std::string& path, ModelOptions options) {
  FEDGE_ASSIGN_OR_RETURN(Archive archive, Archive::Open(path));
  return Load(std::move(archive), std::move(options));
}

Result<std::shared_ptr<const Model>> Model::Load(Archive archive, ModelOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->archive = std::make_shared<const Archive>(std::move(archive));
  impl->options = std::move(options);
  const std::string& path = impl->archive->path();
  FEDGE_ASSIGN_OR_RETURN(const Program program, ReadProgram(*impl->archive));
  auto graph = internal::LoadGraph(program, impl->archive);
  if (!graph.ok()) return std::move(graph).status().WithContext(path);
  impl->graph = std::move(graph).value();
  impl->inputs = PortsOf(impl->graph, impl->graph.inputs);
  impl->outputs = PortsOf(impl->graph, impl->graph.outputs);
  impl->compute_type = internal::ResolveComputeType(impl->options.compute, impl->graph);
  internal::SetComputeType(impl->graph, impl->compute_type);
  FEDGE_RETURN_IF_ERROR(
      internal::RunPasses(impl->graph, impl->options.providers, impl->options.disabled_passes));
  std::shared_ptr<const Model> model(new Model(std::move(impl)));
  // Now, not when the first request comes: what can't run is refused here.
  FEDGE_RETURN_IF_ERROR(model->PlanFor(1).status());
  return model;
}

Result<std::int64_t> Model::BatchOf(std::span<const Dims> shapes) const {
  if (shapes.size() != inputs().size()) {
    return InvalidArgument("has {} inputs; {} are given", inputs().size(), shapes.size());
  }
  std::int64_t batch = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const ModelPort& input = inputs()[i];
    bool fits = shapes[i].size() == input.shape.size();
    for (std::size_t d = 0; fits && d < shapes[i].size(); ++d) {
      const auto solved = Solve(input.shape[d], shapes[i][d]);
      fits = solved.has_value() && (*solved == 0 || batch == 0 || *solved == batch);
      if (fits && *solved != 0) batch = *solved;
    }
    if (!fits) {
      const std::size_t shown = std::min<std::size_t>(shapes[i].size(), kMaxRank + 1);
      return InvalidArgument(
          "input '{}' has shape [{}], but must be {}{}", internal::PrintableName(input.name),
          fmt::join(std::span(shapes[i]).first(shown), ", "), ToString(input.shape),
          batch == 0 ? "" : fmt::format(" at the batch of {} so far", batch));
    }
  }
  return std::max<std::int64_t>(batch, 1);
}

Result<std::shared_ptr<const Plan>> Model::PlanFor(std::int64_t batch) const {
  if (batch < 1 || batch > kMaxBatch) {
    return InvalidArgument("batch is {}, but must be between 1 and {}", batch, kMaxBatch);
  }
  if (auto plan = impl_->FindPlan(batch)) return plan;
  const std::scoped_lock lock(impl_->build_mutex);
  if (auto plan = impl_->FindPlan(batch)) return plan;
  auto plan =
      internal::BuildPlan(impl_->graph, impl_->options.providers, impl_->packs,
                          {.batch = batch, .max_arena_bytes = impl_->options.max_arena_bytes});
  // What was packed is not read again where it came from.
  impl_->archive->ReleasePages();
  if (!plan.ok()) return std::move(plan).status().WithContext(impl_->archive->path());
  impl_->Keep(*plan);
  return plan;
}

std::string Model::NodeName(std::size_t index) const {
  return internal::NodeText(impl_->graph, index);
}

Model::Statistics Model::statistics() const {
  const std::scoped_lock lock(impl_->build_mutex, impl_->plans_mutex);
  return {impl_->packs.bytes(), impl_->plans.size(), impl_->graph.nodes.size()};
}

}  // namespace fedge
