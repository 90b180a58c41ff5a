#include "fedge/engine/portable/convert.h"
#include "fedge/engine/portable/kernels.h"
#include "fedge/engine/portable/strided.h"

namespace fedge::portable {
namespace {

class GatherKernel : public Kernel {
 public:
  GatherKernel(const op::Gather& op, const KernelRequest& request)
      : indices_dtype_(request.inputs[1].dtype) {
    const TensorSpec x(request.inputs[0]), indices(request.inputs[1]), output(request.outputs[0]);
    const auto dim = static_cast<std::ptrdiff_t>(op.dim);
    const auto after = dim + static_cast<std::ptrdiff_t>(indices.rank());
    rows_ = x.dims[static_cast<std::size_t>(dim)];
    from_step_ =
        x.strides[static_cast<std::size_t>(dim)] * static_cast<std::int64_t>(DTypeSize(x.dtype));
    to_size_ = static_cast<std::int64_t>(DTypeSize(output.dtype));
    const std::span<const std::int64_t> strides(output.strides);
    from_ = FlatIndex(indices.dims, indices.strides);
    to_ = FlatIndex(indices.dims, strides.subspan(static_cast<std::size_t>(dim), indices.rank()));
    Dims slice_from = x.strides;
    slice_from.erase(slice_from.begin() + dim);
    TensorSpec slice = output;
    slice.dims.erase(slice.dims.begin() + dim, slice.dims.begin() + after);
    slice.strides.erase(slice.strides.begin() + dim, slice.strides.begin() + after);
    slice_ = StridedCopy(slice, x.dtype, slice_from);
  }

  Status Run(const Arguments& arguments) const override {
    const auto size = static_cast<std::int64_t>(DTypeSize(indices_dtype_));
    for (std::int64_t i = 0; i < from_.size(); ++i) {
      std::int64_t index = 0;
      Load(arguments.inputs[1].data + from_(i) * size, indices_dtype_, 1, 1, &index);
      if (index < 0 || index >= rows_) {
        return OutOfRange("index {} at position {}, but there are {} to choose from", index, i,
                          rows_);
      }
      slice_.Run(arguments.inputs[0].data + index * from_step_,
                 arguments.outputs[0].data + to_(i) * to_size_);
    }
    return OkStatus();
  }

 private:
  DType indices_dtype_;
  std::int64_t rows_ = 0;
  std::int64_t from_step_ = 0;  // in bytes
  std::int64_t to_size_ = 0;
  FlatIndex from_, to_;  // of the indices, and of what each chooses
  StridedCopy slice_;
};

}  // namespace

KernelPtr Make(const op::Gather& op, const KernelRequest& request) {
  return std::make_unique<GatherKernel>(op, request);
}

}  // namespace fedge::portable
