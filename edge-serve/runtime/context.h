#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fedge/common/status.h"
#include "fedge/engine/model.h"

namespace fedge {

// What one request at a time needs to run a model: an arena for what lies between inputs and
// outputs. Cheap to make next to the model itself. Thread-compatible: one per thread.
class Context {
 public:
  explicit Context(std::shared_ptr<const Model> model);
  ~Context();
  Context(Context&&) noexcept;
  Context& operator=(Context&&) noexcept;

  // Makes ready for a batch: later runs at it allocate nothing. kInvalidArgument,
  // kResourceExhausted: see Model::PlanFor; the context stays as it was.
  Status Prepare(std::int64_t batch);

  // Runs the model at a batch, preparing for it if another was last. Buffers are those of
  // model.inputs() and outputs(), in order: row-major, of exactly the bytes that the shape has at
  // this batch, aligned to their element, outputs overlapping nothing. They are read and written in
  // place. kInvalidArgument for a buffer that does not fit; kOutOfRange for an index that does not:
  // then outputs hold nothing in particular.
  //
  // A row gives the same bytes alone and in any batch.
  Status Run(std::int64_t batch, std::span<const std::span<const std::byte>> inputs,
             std::span<const std::span<std::byte>> outputs);

  const Model& model() const { return *model_; }
  // What lies between inputs and outputs at the batch that was prepared last. Its content means
  // nothing outside of Run; tests overwrite it.
  std::span<std::byte> arena() const;

 private:
  struct State;
  std::shared_ptr<const Model> model_;
  std::unique_ptr<State> state_;
};

}  // namespace fedge
