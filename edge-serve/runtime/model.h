#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/common/result.h"
#include "fedge/engine/compute_type.h"
#include "fedge/engine/kernel.h"
#include "fedge/program/dim.h"
#include "fedge/tensor/dtype.h"

namespace fedge {

namespace internal {
struct Plan;
}

struct ModelOptions {
  // Asked in this order; the last one has a kernel for everything.
  std::vector<std::shared_ptr<const KernelProvider>> providers = {};
  ComputeType compute = ComputeType::kAuto;
  std::vector<std::string> disabled_passes = {};           // by name: "fuse_activation"
  std::size_t max_plans = 8;                               // batch sizes that are kept ready
  std::uint64_t max_arena_bytes = std::uint64_t{4} << 30;  // of one context
};

// An input or output of a model.
struct ModelPort {
  std::string name;
  DType dtype = DType::kFloat32;
  Shape shape;
};

// Of the tensor at a batch.
std::size_t NumBytes(const ModelPort& port, std::int64_t batch);

// A network that is ready to run: the edge program of a `.pt` archive, made fast. Immutable and
// thread-safe; contexts share it and what it holds: constants, mapped or packed once, and a plan
// for each of the last batch sizes.
class Model {
 public:
  struct Statistics {
    std::size_t packed_bytes = 0;  // of constants in kernels' own forms
    std::size_t num_plans = 0;
    std::size_t num_nodes = 0;  // after all passes
  };

  // kNotFound: no such file, or it carries no edge program; kFailedPrecondition: the program was
  // made for other tensors; kInvalidArgument, kDataLoss: malformed; kUnimplemented: something in it
  // is not known here, or no provider has a kernel for it.
  static Result<std::shared_ptr<const Model>> Load(const std::string& path, ModelOptions options);
  static Result<std::shared_ptr<const Model>> Load(Archive archive, ModelOptions options);
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const std::vector<ModelPort>& inputs() const;
  const std::vector<ModelPort>& outputs() const;
  // The batch at which the inputs have these shapes, in order; 1 if they do not depend on it.
  // kInvalidArgument names the input that does not fit.
  Result<std::int64_t> BatchOf(std::span<const Dims> shapes) const;
  // What the model computes in.
  DType compute_type() const;
  Statistics statistics() const;

  // Ready for a batch, made if it is not: for Context. 1 <= batch <= kMaxBatch, or
  // kInvalidArgument; kResourceExhausted: the arena would be too large.
  Result<std::shared_ptr<const internal::Plan>> PlanFor(std::int64_t batch) const;
  // What node `index` of a plan is called in messages.
  std::string NodeName(std::size_t index) const;

 private:
  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fedge
