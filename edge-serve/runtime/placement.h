#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fedge/engine/arena.h"
#include "fedge/engine/graph.h"
#include "fedge/engine/plan.h"
#include "fedge/engine/views.h"

namespace fedge::internal {

// One piece of memory that values of a graph lie in.
struct Block {
  Memory memory = Memory::kArena;
  std::uint32_t port = 0;  // of kInput, kOutput
  ValueId constant = kAbsent;
  std::size_t bytes = 0;
  std::size_t uses = 0;  // that are still to come, of all values in it
  std::size_t first_step = 0;
  std::size_t last_step = 0;
  bool touched = false;
};

struct Place {
  std::size_t block = 0;
  Region region;
};

// Where the values of a graph lie at one batch. Values that a concat joins are made in their place
// in its output, those that leave the graph in the caller's buffers. Thread-compatible.
class Placement {
 public:
  Placement(const Graph& graph, std::int64_t batch);

  // Of a value that has one: graph inputs, constants, what was placed.
  const Place& at(ValueId id) const { return *places_[id]; }
  bool HasPlace(ValueId id) const { return places_[id].has_value(); }
  const Block& block(std::size_t index) const { return blocks_[index]; }
  const Dims& dims(ValueId id) const { return dims_[id]; }

  // Where `id` is best made: in memory that waits for it, if there is any.
  Place Home(ValueId id);
  // The caller's buffer of an output.
  Place OutputPlace(std::uint32_t port) const;
  // Whether Home is memory of its own.
  bool HasOwnHome(ValueId id) const { return slots_[id].kind == Slot::kNone; }
  Place NewPlace(ValueId id, Layout layout);
  void Put(ValueId id, Place place);
  // Looks at `from`, whose place it shares.
  void PutView(ValueId id, std::size_t block, Region region) {
    Put(id, {block, std::move(region)});
  }
  // One use of `id` is over.
  void Consume(ValueId id);
  // `step` reads or writes a block.
  void Touch(std::size_t block, std::size_t step);
  // Memory for one step only; returns the block.
  std::size_t AddScratch(std::size_t bytes, std::size_t step);

  // Gives every block of the arena its offset: PlanArena. Returns its size.
  std::size_t Finish();
  std::size_t offset(std::size_t block) const { return offsets_[block]; }

 private:
  // Memory that waits for a value before it is made.
  struct Slot {
    enum Kind : std::uint8_t { kNone, kOutput, kConcat } kind = kNone;
    std::uint32_t port = 0;    // kOutput
    ValueId concat = kAbsent;  // kConcat: in this value
    std::size_t dim = 0;       // along this dimension
    std::int64_t start = 0;    // from here on
  };

  void CountUses();
  void FindSlots();
  void FindConcatSlots(const Node& concat);
  bool CanTakeSlot(ValueId id) const;
  Place SlotIn(const Slot& slot, ValueId id) const;

  const Graph& graph_;
  std::vector<Dims> dims_;
  std::vector<bool> made_;  // by a node
  std::vector<std::size_t> uses_;
  std::vector<Slot> slots_;
  std::vector<std::optional<Place>> places_;
  std::vector<Block> blocks_;
  std::vector<std::size_t> offsets_;
  std::vector<std::size_t> output_blocks_;  // by port
};

}  // namespace fedge::internal
