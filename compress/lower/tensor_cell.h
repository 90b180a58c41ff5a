#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "fedge/lower/abstract.h"

namespace fedge::lower {

class ProgramBuilder;

// How a view came from its base: the operation again, on a base that has changed.
struct ViewRecipe {
  TensorHandle base;
  std::function<TensorValue(const TensorValue& base)> apply;
  // Whether LibTorch may have made a copy instead (reshape, contiguous): then a change of either is
  // refused to be seen through the other.
  bool perhaps_copy = false;
};

// A tensor as those see it who hold it. A program has no writes in place, so a write gives the cell
// a new value; what a view of the written tensor, or the tensor behind a written view, holds from
// then on is computed anew when it is read (as functionalization does in PyTorch).
class TensorCell {
 public:
  explicit TensorCell(TensorValue value) : value_(std::move(value)) {}
  TensorCell(TensorValue value, ViewRecipe recipe)
      : value_(std::move(value)), recipe_(std::move(recipe)), seen_(recipe_.base->generation()) {}

  // Refuses what is missing, and views whose base was changed where that can't be followed.
  const TensorValue& Read();
  void Write(ProgramBuilder& builder, TensorValue value);

  // A tensor that the module keeps, which must not change.
  void set_attribute(std::string name) { attribute_ = std::move(name); }
  const std::string& attribute() const { return attribute_; }

 private:
  // Counts the writes to all that this is a view of.
  std::uint64_t generation() const {
    return own_writes_ + (recipe_.base != nullptr ? recipe_.base->generation() : 0);
  }
  // From now on neither this nor what it is a view of can be read.
  void Tear();
  void WriteBase(ProgramBuilder& builder, const TensorValue& value);

  TensorValue value_;
  ViewRecipe recipe_;
  std::uint64_t seen_ = 0;  // the base's generation that value_ is of
  std::uint64_t own_writes_ = 0;
  std::string attribute_;
  std::string torn_;  // not empty: why it can't be read any more
};

}  // namespace fedge::lower
