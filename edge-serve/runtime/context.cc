#include "fedge/engine/context.h"

#include <utility>

#include "fedge/archive/record_name.h"
#include "fedge/engine/aligned_buffer.h"
#include "fedge/engine/plan.h"

namespace fedge {

using internal::Memory;
using internal::PlannedView;

struct Context::State {
  // A view whose memory is the caller's, and another in each run.
  struct Patch {
    std::size_t view = 0;
    Memory memory = Memory::kInput;
    std::uint32_t port = 0;
    std::int64_t offset = 0;
  };

  std::shared_ptr<const internal::Plan> plan;
  std::size_t arena_capacity = 0;
  std::shared_ptr<std::byte> arena;
  std::vector<TensorView> views;
  std::vector<Patch> patches;

  void FindViews() {
    views.clear();
    patches.clear();
    for (const PlannedView& planned : plan->views) {
      TensorView view;
      if (!planned.absent) {
        view = {nullptr, planned.dtype, planned.region.dims, planned.region.strides};
        if (planned.memory == Memory::kArena) {
          view.data = arena.get() + planned.offset;
        } else if (planned.memory != Memory::kConstant) {
          patches.push_back({views.size(), planned.memory, planned.port, planned.offset});
        } else if (planned.constant != nullptr) {
          view.data = const_cast<std::byte*>(planned.constant) + planned.offset;
        }
      }
      views.push_back(view);
    }
  }
};

Context::Context(std::shared_ptr<const Model> model)
    : model_(std::move(model)), state_(std::make_unique<State>()) {}
Context::~Context() = default;
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;

std::span<std::byte> Context::arena() const {
  if (state_->plan == nullptr) return {};
  return {state_->arena.get(), state_->plan->arena_bytes};
}

Status Context::Prepare(std::int64_t batch) {
  if (state_->plan != nullptr && state_->plan->batch == batch) return OkStatus();
  FEDGE_ASSIGN_OR_RETURN(auto plan, model_->PlanFor(batch));
  if (state_->arena == nullptr || plan->arena_bytes > state_->arena_capacity) {
    state_->arena.reset();
    state_->arena = internal::AllocateAligned(plan->arena_bytes);
    state_->arena_capacity = plan->arena_bytes;
  }
  state_->plan = std::move(plan);
  state_->FindViews();
  return OkStatus();
}

namespace {

template <class Byte>
Status CheckBuffers(std::string_view kind, std::span<const std::span<Byte>> buffers,
                    const std::vector<ModelPort>& ports, std::span<const std::size_t> bytes) {
  if (buffers.size() != ports.size()) {
    return InvalidArgument("{} {}s are given; the model has {}", buffers.size(), kind,
                           ports.size());
  }
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (buffers[i].size() != bytes[i]) {
      return InvalidArgument("{} '{}' has {} bytes, but needs {}", kind,
                             internal::PrintableName(ports[i].name), buffers[i].size(), bytes[i]);
    }
    if (reinterpret_cast<std::uintptr_t>(buffers[i].data()) % DTypeSize(ports[i].dtype) != 0) {
      return InvalidArgument("{} '{}' is not aligned to its elements", kind,
                             internal::PrintableName(ports[i].name));
    }
  }
  return OkStatus();
}

}  // namespace

Status Context::Run(std::int64_t batch, std::span<const std::span<const std::byte>> inputs,
                    std::span<const std::span<std::byte>> outputs) {
  FEDGE_RETURN_IF_ERROR(Prepare(batch));
  const internal::Plan& plan = *state_->plan;
  FEDGE_RETURN_IF_ERROR(CheckBuffers("input", inputs, model_->inputs(), plan.input_bytes));
  FEDGE_RETURN_IF_ERROR(CheckBuffers("output", outputs, model_->outputs(), plan.output_bytes));
  for (const State::Patch& patch : state_->patches) {
    std::byte* base = patch.memory == Memory::kInput
                          ? const_cast<std::byte*>(inputs[patch.port].data())
                          : outputs[patch.port].data();
    state_->views[patch.view].data = base + patch.offset;
  }
  const std::span<const TensorView> views(state_->views);
  for (const internal::Step& step : plan.steps) {
    const Status status =
        step.kernel->Run({views.subspan(step.first_view, step.num_inputs),
                          views.subspan(step.first_view + step.num_inputs, step.num_outputs),
                          {state_->arena.get() + step.scratch_offset, step.scratch_bytes}});
    if (!status.ok()) return status.WithContext(model_->NodeName(step.node));
  }
  return OkStatus();
}

}  // namespace fedge
