#include "fedge/engine/portable/epilogue.h"

#include <algorithm>
#include <variant>

#include "fedge/engine/portable/unary.h"

namespace fedge::portable {
namespace {

template <class T>
void AddRow(const T* from, std::int64_t stride, std::int64_t count, T* to) {
  if (stride == 1) {
    for (std::int64_t i = 0; i < count; ++i) to[i] += from[i];
  } else {
    for (std::int64_t i = 0; i < count; ++i) to[i] += from[i * stride];
  }
}

template <class T>
void StoreRow(const T* from, std::int64_t count, T* to, std::int64_t stride) {
  if (stride == 1) {
    std::copy_n(from, count, to);
  } else {
    for (std::int64_t i = 0; i < count; ++i) to[i * stride] = from[i];
  }
}

}  // namespace

template <class T>
Epilogue<T>::Epilogue(const KernelRequest& request, std::size_t column_dim)
    : ops_(request.post_ops.begin(), request.post_ops.end()) {
  const TensorSpec output(request.outputs[0]);
  strides_.push_back(output.strides);
  for (const PostOp& op : ops_) {
    if (const auto* add = std::get_if<AddInput>(&op)) {
      strides_.push_back(BroadcastStrides(TensorSpec(request.inputs[add->input]), output.dims));
    }
  }
  column_strides_.clear();
  for (const Dims& strides : strides_) column_strides_.push_back(strides[column_dim]);
}

template <class T>
void Epilogue<T>::Store(const Kernel::Arguments& arguments, const SumRows<T>& rows) const {
  std::size_t tensor = 0;
  for (const PostOp& op : ops_) {
    if (const auto* unary = std::get_if<op::Unary>(&op)) {
      ApplyUnary(*unary, rows.sums, rows.sums, rows.num_rows * rows.pitch);
      continue;
    }
    ++tensor;
    const auto* offsets = rows.offsets + static_cast<std::int64_t>(tensor) * rows.tensor_pitch;
    const std::int64_t stride = column_strides_[tensor];
    const T* const data = arguments.inputs[std::get<AddInput>(op).input].template as<const T>();
    for (std::int64_t r = 0; r < rows.num_rows; ++r) {
      AddRow(data + offsets[r] + rows.first_column * stride, stride, rows.num_columns,
             rows.sums + r * rows.pitch);
    }
  }
  const std::int64_t stride = column_strides_[0];
  T* const data = arguments.outputs[0].template as<T>();
  for (std::int64_t r = 0; r < rows.num_rows; ++r) {
    StoreRow(rows.sums + r * rows.pitch, rows.num_columns,
             data + rows.offsets[r] + rows.first_column * stride, stride);
  }
}

template class Epilogue<float>;
template class Epilogue<double>;

}  // namespace fedge::portable
