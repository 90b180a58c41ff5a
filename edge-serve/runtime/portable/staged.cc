#include "fedge/engine/portable/staged.h"

#include <algorithm>
#include <vector>

#include "fedge/common/check.h"
#include "fedge/engine/portable/scratch.h"
#include "fedge/engine/portable/strided.h"

namespace fedge::portable {
namespace {

bool Fits(const TensorView& view, Layout layout) {
  const auto contiguous = [&](std::size_t d) { return view.dims[d] <= 1 || view.strides[d] == 1; };
  switch (layout) {
    case Layout::kLastContiguous:
      return view.dims.empty() || contiguous(view.dims.size() - 1);
    case Layout::kChannelsLast:
      return contiguous(1);
    case Layout::kRowMajor: {
      const Dims wanted = RowMajorStrides(view.dims);
      for (std::size_t d = 0; d < wanted.size(); ++d) {
        if (view.dims[d] > 1 && view.strides[d] != wanted[d]) return false;
      }
      return true;
    }
    default:
      return true;
  }
}

// Of a copy: in the order in which the original's memory runs, where that is open.
Dims CopyStrides(const TensorView& view, Layout layout) {
  const bool channels_last =
      layout == Layout::kChannelsLast ||
      (layout == Layout::kAny && view.dims.size() >= 3 && view.strides[1] == 1 && view.dims[1] > 1);
  return channels_last ? ChannelsLastStrides(view.dims) : RowMajorStrides(view.dims);
}

bool SameKind(DType a, DType b) { return IsFloatingPoint(a) == IsFloatingPoint(b); }

KernelPtr MakeCopy(const Node& node, const TensorView& from, const TensorView& to) {
  return Make(op::Cast{}, {node, {}, {&from, 1}, {&to, 1}});
}

// One tensor of the outer kernel as the inner one sees it.
struct Stage {
  TensorSpec spec;
  KernelPtr copy;  // nullptr: not copied
  std::size_t scratch = 0;
  std::vector<std::byte> constant;  // the copy of one
};

class StagedKernel : public Kernel {
 public:
  StagedKernel(const KernelRequest& request, DType compute, std::span<const Layout> layouts,
               const InnerMaker& make) {
    std::vector<TensorView> inputs, outputs;
    for (std::size_t i = 0; i < request.inputs.size(); ++i) {
      const Layout layout = i < layouts.size() ? layouts[i] : Layout::kAny;
      inputs_.push_back(StageInput(request, request.inputs[i], compute, layout));
    }
    for (const TensorView& view : request.outputs) {
      outputs_.push_back({TensorSpec(view), nullptr, 0, {}});
      if (!SameKind(view.dtype, compute) || view.dtype == compute) continue;
      Stage& stage = outputs_.back();
      stage.spec.dtype = compute;
      stage.spec.strides = CopyStrides(view, Layout::kAny);
      stage.copy = MakeCopy(request.node, stage.spec.View(nullptr), view);
      stage.scratch = plan_.Add<std::byte>(Bytes(stage.spec));
    }
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      std::byte* const data = inputs_[i].copy ? nullptr : request.inputs[i].data;
      inputs.push_back(
          inputs_[i].spec.View(inputs_[i].constant.empty() ? data : inputs_[i].constant.data()));
    }
    for (const Stage& stage : outputs_) outputs.push_back(stage.spec.View(nullptr));
    inner_ = make({request.node, request.post_ops, inputs, outputs});
    views_ = plan_.Add<TensorView>(static_cast<std::int64_t>(inputs.size() + outputs.size()));
    inner_scratch_ = plan_.Add<std::byte>(static_cast<std::int64_t>(inner_->scratch_bytes()));
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }

  Status Run(const Arguments& arguments) const override {
    auto* const views = ScratchAt<TensorView>(arguments.scratch, views_);
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const Stage& stage = inputs_[i];
      views[i] = stage.spec.View(arguments.inputs[i].data);
      if (!stage.copy || views[i].data == nullptr) continue;
      if (!stage.constant.empty()) {
        views[i].data = const_cast<std::byte*>(stage.constant.data());
        continue;
      }
      views[i].data = arguments.scratch.data() + stage.scratch;
      FEDGE_RETURN_IF_ERROR(stage.copy->Run({{&arguments.inputs[i], 1}, {&views[i], 1}, {}}));
    }
    TensorView* const outputs = views + inputs_.size();
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      const bool staged = outputs_[i].copy != nullptr;
      outputs[i] = outputs_[i].spec.View(staged ? arguments.scratch.data() + outputs_[i].scratch
                                                : arguments.outputs[i].data);
    }
    FEDGE_RETURN_IF_ERROR(inner_->Run({{views, inputs_.size()},
                                       {outputs, outputs_.size()},
                                       arguments.scratch.subspan(inner_scratch_)}));
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      if (!outputs_[i].copy) continue;
      FEDGE_RETURN_IF_ERROR(
          outputs_[i].copy->Run({{&outputs[i], 1}, {&arguments.outputs[i], 1}, {}}));
    }
    return OkStatus();
  }

 private:
  static std::int64_t Bytes(const TensorSpec& spec) {
    return spec.num_elements() * static_cast<std::int64_t>(DTypeSize(spec.dtype));
  }

  Stage StageInput(const KernelRequest& request, const TensorView& view, DType compute,
                   Layout layout) {
    Stage stage{TensorSpec(view), nullptr, 0, {}};
    if (layout == Layout::kRaw || !SameKind(view.dtype, compute)) return stage;
    if (view.dtype == compute && Fits(view, layout)) return stage;
    stage.spec.dtype = compute;
    stage.spec.strides = CopyStrides(view, layout);
    stage.copy = MakeCopy(request.node, view, stage.spec.View(nullptr));
    if (view.data != nullptr) {
      stage.constant.resize(static_cast<std::size_t>(Bytes(stage.spec)));
      const TensorView copy = stage.spec.View(stage.constant.data());
      // A conversion between floating-point types, or between integers, can't fail.
      FEDGE_CHECK(stage.copy->Run({{&view, 1}, {&copy, 1}, {}}).ok());
    } else {
      stage.scratch = plan_.Add<std::byte>(Bytes(stage.spec));
    }
    return stage;
  }

  std::vector<Stage> inputs_;
  std::vector<Stage> outputs_;
  ScratchPlan plan_;
  std::size_t views_ = 0;
  std::size_t inner_scratch_ = 0;
  KernelPtr inner_;
};

}  // namespace

KernelPtr MakeStaged(const KernelRequest& request, DType compute, std::span<const Layout> layouts,
                     const InnerMaker& make) {
  const auto direct = [&](const TensorView& view, Layout layout) {
    return layout == Layout::kRaw || !SameKind(view.dtype, compute) ||
           (view.dtype == compute && Fits(view, layout));
  };
  bool staged = false;
  for (std::size_t i = 0; i < request.inputs.size(); ++i) {
    staged |= !direct(request.inputs[i], i < layouts.size() ? layouts[i] : Layout::kAny);
  }
  for (const TensorView& view : request.outputs) staged |= !direct(view, Layout::kAny);
  if (!staged) return make(request);
  return std::make_unique<StagedKernel>(request, compute, layouts, make);
}

}  // namespace fedge::portable
