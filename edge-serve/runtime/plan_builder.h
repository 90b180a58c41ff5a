#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "fedge/engine/placement.h"
#include "fedge/engine/plan.h"

namespace fedge::internal {

// Walks a graph at one batch: looks at memory where that is all an operator does, and asks the
// providers for kernels for the rest. For one use; thread-compatible.
class PlanBuilder {
 public:
  PlanBuilder(const Graph& graph, Providers providers, PackCache& packs,
              const PlanOptions& options);
  Result<std::shared_ptr<const Plan>> Build();

 private:
  // What a kernel is asked to read and write; regions of inputs may be those of copies to be made.
  struct Offer {
    std::vector<Place> inputs;
    std::vector<Place> outputs;
    std::vector<std::size_t> copies;  // inputs that are to be copied first
  };

  Status Add(std::size_t index);
  bool AddView(const Node& node);
  Status AddConcat(std::size_t index);
  Status AddKernel(std::size_t index);
  Status AddCopy(ValueId id, const Place& from, const Place& to);
  Status FinishOutputs();
  void FillViews();

  // Outputs where they are best, or (`own`) in memory of their own.
  std::vector<Place> OutputPlaces(const Node& node, bool own);
  std::optional<Place> InPlace(const Node& node, ValueId output) const;
  // Without gaps, where that is not so: in copies.
  Offer MakeDense(const Node& node, const Offer& offer);

  // The kernel that `provider` has for the offer, or nullptr.
  Result<std::unique_ptr<const Kernel>> Ask(const KernelProvider& provider, const GraphNode& node,
                                            const Offer& offer);
  Status Take(std::size_t index, std::unique_ptr<const Kernel> kernel, const Offer& offer);
  void Emit(std::unique_ptr<const Kernel> kernel, const Node& node, const Offer& offer);
  void AddPlannedView(ValueId id, const Place& place);

  const Graph& graph_;
  const Providers providers_;
  PackCache& packs_;
  const PlanOptions options_;
  Placement placement_;
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
  std::size_t node_ = 0;                     // the one that is being added
  std::vector<std::size_t> view_blocks_;     // of each of the plan's views
  std::vector<std::size_t> scratch_blocks_;  // of each step; kNone: none
};

}  // namespace fedge::internal
