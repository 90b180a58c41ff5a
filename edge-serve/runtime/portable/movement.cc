#include <algorithm>

#include "fedge/engine/portable/kernels.h"
#include "fedge/engine/portable/strided.h"

// Operators that move elements without looking at them.
namespace fedge::portable {
namespace {

// Copies each input to a part of the output: concatenation, and where there is one input, all that
// changes no more than strides.
class CopyKernel : public Kernel {
 public:
  struct Part {
    StridedCopy copy;
    std::int64_t from_offset = 0;  // in bytes
    std::int64_t to_offset = 0;
  };
  explicit CopyKernel(std::vector<Part> parts) : parts_(std::move(parts)) {}

  Status Run(const Arguments& arguments) const override {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const std::byte* const from = arguments.inputs[i].data + parts_[i].from_offset;
      std::byte* const to = arguments.outputs[0].data + parts_[i].to_offset;
      if (from != to) parts_[i].copy.Run(from, to);
    }
    return OkStatus();
  }

 private:
  std::vector<Part> parts_;
};

// The input read with these strides, in elements, as a tensor of the output's sizes.
KernelPtr MakeView(const KernelRequest& request, const Dims& strides, std::int64_t offset = 0) {
  const TensorSpec output(request.outputs[0]);
  const DType dtype = request.inputs[0].dtype;
  return std::make_unique<CopyKernel>(
      std::vector<CopyKernel::Part>{{StridedCopy(output, dtype, strides),
                                     offset * static_cast<std::int64_t>(DTypeSize(dtype)), 0}});
}

// Between two tensors with gaps: through one without.
class ReshapeKernel : public Kernel {
 public:
  ReshapeKernel(const TensorSpec& input, const TensorSpec& output)
      : bytes_(static_cast<std::size_t>(input.num_elements()) * DTypeSize(input.dtype)),
        pack_(TensorSpec(input.dtype, input.dims, RowMajorStrides(input.dims)), input),
        unpack_(output, input.dtype, RowMajorStrides(output.dims)) {}

  std::size_t scratch_bytes() const override { return bytes_; }
  Status Run(const Arguments& arguments) const override {
    pack_.Run(arguments.inputs[0].data, arguments.scratch.data());
    unpack_.Run(arguments.scratch.data(), arguments.outputs[0].data);
    return OkStatus();
  }

 private:
  std::size_t bytes_;
  StridedCopy pack_;
  StridedCopy unpack_;
};

}  // namespace

KernelPtr Make(const op::Concat& op, const KernelRequest& request) {
  const auto dim = static_cast<std::size_t>(op.dim);
  const TensorSpec output(request.outputs[0]);
  const auto size = static_cast<std::int64_t>(DTypeSize(output.dtype));
  std::vector<CopyKernel::Part> parts;
  std::int64_t first = 0;
  for (const TensorView& view : request.inputs) {
    const TensorSpec input(view);
    const TensorSpec part(output.dtype, input.dims, output.strides);
    parts.push_back({StridedCopy(part, input), 0, first * output.strides[dim] * size});
    first += input.dims[dim];
  }
  return std::make_unique<CopyKernel>(std::move(parts));
}

KernelPtr Make(const op::Slice& op, const KernelRequest& request) {
  TensorSpec input(request.inputs[0]);
  std::int64_t& stride = input.strides[static_cast<std::size_t>(op.dim)];
  const std::int64_t offset =
      request.outputs[0].dims[static_cast<std::size_t>(op.dim)] == 0 ? 0 : op.start * stride;
  stride *= op.step;
  return MakeView(request, input.strides, offset);
}

KernelPtr Make(const op::Permute& op, const KernelRequest& request) {
  Dims strides;
  for (const std::int64_t from : op.order) {
    strides.push_back(request.inputs[0].strides[static_cast<std::size_t>(from)]);
  }
  return MakeView(request, strides);
}

KernelPtr Make(const op::Expand&, const KernelRequest& request) {
  return MakeView(request,
                  BroadcastStrides(TensorSpec(request.inputs[0]), request.outputs[0].dims));
}

KernelPtr Make(const op::Reshape&, const KernelRequest& request) {
  const TensorSpec input(request.inputs[0]), output(request.outputs[0]);
  // Where one side has no gaps, it can be read in the other one's sizes.
  const auto row_major = [](const TensorSpec& tensor) {
    const Dims wanted = RowMajorStrides(tensor.dims);
    for (std::size_t d = 0; d < wanted.size(); ++d) {
      if (tensor.dims[d] > 1 && tensor.strides[d] != wanted[d]) return false;
    }
    return true;
  };
  if (row_major(input)) return MakeView(request, RowMajorStrides(output.dims));
  if (!row_major(output)) return std::make_unique<ReshapeKernel>(input, output);
  const TensorSpec same(output.dtype, input.dims, RowMajorStrides(input.dims));
  return std::make_unique<CopyKernel>(
      std::vector<CopyKernel::Part>{{StridedCopy(same, input), 0, 0}});
}

}  // namespace fedge::portable
