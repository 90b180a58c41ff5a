#pragma once

#include <cstdint>
#include <vector>

#include "fedge/engine/kernel.h"
#include "fedge/engine/portable/strided.h"

namespace fedge::portable {

// Rows of sums of an output on their way into it.
template <class T>
struct SumRows {
  T* sums;
  std::int64_t num_rows;
  std::int64_t pitch;  // elements from row to row
  std::int64_t first_column;
  std::int64_t num_columns;
  const std::int64_t* offsets;  // of row r in tensor t: offsets[t * tensor_pitch + r]
  std::int64_t tensor_pitch;
};

// A kernel's post-ops, and its output of T: applied to each element once, whole rows at a time.
// Offsets of rows are in elements, of the output first and then of each added input.
template <class T>
class Epilogue {
 public:
  // None: rows of an output without gaps.
  Epilogue() = default;
  // Columns run along the output's dimension `column_dim`.
  Epilogue(const KernelRequest& request, std::size_t column_dim);

  std::size_t num_tensors() const { return strides_.size(); }
  const Dims& strides(std::size_t tensor) const { return strides_[tensor]; }

  void Store(const Kernel::Arguments& arguments, const SumRows<T>& rows) const;

 private:
  std::vector<PostOp> ops_;
  std::vector<Dims> strides_;
  std::vector<std::int64_t> column_strides_ = {1};
};

extern template class Epilogue<float>;
extern template class Epilogue<double>;

}  // namespace fedge::portable
