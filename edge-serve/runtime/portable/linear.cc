#include <algorithm>

#include "fedge/engine/portable/panels.h"
#include "fedge/engine/portable/scratch.h"
#include "fedge/engine/portable/staged.h"

namespace fedge::portable {
namespace {

std::span<const std::int64_t> Leading(std::span<const std::int64_t> sizes, std::size_t trailing) {
  return sizes.first(sizes.size() - trailing);
}

// Products of rows of x with a matrix [outputs, depth]: the weight of a linear layer, or each
// matrix of a batch, transposed. Packed once where it is constant and there is one.
template <class T>
class ProductKernel : public Kernel {
 public:
  ProductKernel(const op::Linear&, const KernelRequest& request)
      : ProductKernel(request, request.inputs[1].strides[0], request.inputs[1].strides[1], 0) {
    bias_ = TensorSpec(InputOrNone(request.inputs, 2));
    PlanPacking(request, true);
  }

  ProductKernel(const op::MatMul&, const KernelRequest& request)
      : ProductKernel(request, request.inputs[1].strides.back(),
                      *(request.inputs[1].strides.end() - 2), BatchDims(request)) {
    PlanPacking(request, false);
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }

  Status Run(const Arguments& arguments) const override {
    const T* packed = packed_.empty() ? nullptr : packed_.data();
    T* const to = ScratchAt<T>(arguments.scratch, packed_in_scratch_);
    std::int64_t packed_offset = -1;
    for (std::int64_t batch = 0; batch < batches_[0].size(); ++batch) {
      const std::int64_t offset = weight_batches_(batch);
      if (packed_.empty() && offset != packed_offset) {
        packed_offset = offset;
        Pack(arguments.inputs[1].data, offset, InputOrNone(arguments.inputs, 2).data, to);
        packed = to;
      }
      RunBatch(arguments, batch, packed);
    }
    return OkStatus();
  }

 private:
  // The output's first `num_batch_dims` dimensions each have a matrix of their own.
  ProductKernel(const KernelRequest& request, std::int64_t output_stride, std::int64_t depth_stride,
                std::size_t num_batch_dims)
      : matrix_(request.outputs[0].dims.back(), request.inputs[0].dims.back()),
        epilogue_(request, request.outputs[0].dims.size() - 1),
        weight_(request.inputs[1]),
        output_stride_(output_stride),
        depth_stride_(depth_stride) {
    const std::span<const std::int64_t> dims = Leading(request.outputs[0].dims, 1);
    const auto batch_dims = dims.first(num_batch_dims);
    const auto row_dims = dims.subspan(num_batch_dims);
    const auto add = [&](const Dims& strides) {
      const std::span<const std::int64_t> all(strides);
      batches_.emplace_back(batch_dims, all.first(num_batch_dims));
      rows_.emplace_back(row_dims, all.subspan(num_batch_dims, row_dims.size()));
    };
    Dims output_dims(dims.begin(), dims.end());
    output_dims.push_back(request.inputs[0].dims.back());
    add(BroadcastStrides(TensorSpec(request.inputs[0]), output_dims));
    for (std::size_t t = 0; t < epilogue_.num_tensors(); ++t) add(epilogue_.strides(t));
    if (num_batch_dims > 0) {
      Dims weight_dims(batch_dims.begin(), batch_dims.end());
      weight_dims.insert(weight_dims.end(), request.inputs[1].dims.end() - 2,
                         request.inputs[1].dims.end());
      const Dims strides = BroadcastStrides(weight_, weight_dims);
      weight_batches_ = FlatIndex(batch_dims, std::span(strides).first(num_batch_dims));
    }
    offsets_ =
        plan_.Add<std::int64_t>(kBlockRows * static_cast<std::int64_t>(epilogue_.num_tensors()));
  }

  // None where all rows are multiplied by the same matrix.
  static std::size_t BatchDims(const KernelRequest& request) {
    const auto leading = Leading(request.inputs[1].dims, 2);
    const bool shared =
        std::all_of(leading.begin(), leading.end(), [](std::int64_t size) { return size == 1; });
    return shared ? 0 : request.outputs[0].dims.size() - 2;
  }

  void PlanPacking(const KernelRequest& request, bool takes_bias) {
    takes_bias_ = takes_bias;
    const TensorView bias = InputOrNone(request.inputs, 2);
    const bool constant = request.inputs[1].data != nullptr && batches_[0].size() == 1 &&
                          (!takes_bias || !IsPresent(bias) || bias.data != nullptr);
    const std::int64_t elements = matrix_.num_elements() + matrix_.num_columns();
    // What PackRow reads a row into lies behind.
    if (constant) {
      packed_.resize(static_cast<std::size_t>(elements + matrix_.depth()));
      Pack(request.inputs[1].data, 0, bias.data, packed_.data());
      packed_.resize(static_cast<std::size_t>(elements));
      packed_.shrink_to_fit();
    } else {
      packed_in_scratch_ = plan_.Add<T>(elements + matrix_.depth());
    }
  }

  // The matrix at `offset`, then the biases.
  void Pack(const std::byte* weight, std::int64_t offset, const std::byte* bias, T* to) const {
    const auto size = static_cast<std::int64_t>(DTypeSize(weight_.dtype));
    T* const biases = to + matrix_.num_elements();
    T* const row = biases + matrix_.num_columns();
    if (weight_.dtype == DTypeOf<T>()) {
      matrix_.Pack(reinterpret_cast<const T*>(weight) + offset, output_stride_, depth_stride_, to);
    } else {
      std::fill_n(to, matrix_.num_elements(), T{0});
      for (std::int64_t o = 0; o < matrix_.outputs(); ++o) {
        Load(weight + (offset + o * output_stride_) * size, weight_.dtype, depth_stride_,
             matrix_.depth(), row);
        matrix_.PackOutput(o, row, 1, to);
      }
    }
    std::fill_n(biases, matrix_.num_columns(), T{0});
    if (!takes_bias_ || bias == nullptr) return;
    Load(bias, bias_.dtype, bias_.strides[0], matrix_.outputs(), biases);
  }

  void RunBatch(const Arguments& arguments, std::int64_t batch, const T* packed) const {
    auto* const offsets = ScratchAt<std::int64_t>(arguments.scratch, offsets_);
    const T* rows[kBlockRows];
    const T* const x = arguments.inputs[0].template as<const T>() + batches_[0](batch);
    for (std::int64_t first = 0; first < rows_[0].size(); first += kBlockRows) {
      const std::int64_t num_rows = std::min(kBlockRows, rows_[0].size() - first);
      for (std::int64_t r = 0; r < num_rows; ++r) rows[r] = x + rows_[0](first + r);
      for (std::size_t t = 1; t < rows_.size(); ++t) {
        std::int64_t* const to = offsets + static_cast<std::int64_t>(t - 1) * kBlockRows;
        const std::int64_t base = batches_[t](batch);
        for (std::int64_t r = 0; r < num_rows; ++r) to[r] = base + rows_[t](first + r);
      }
      Multiply(matrix_,
               Block<T>{.rows = rows,
                        .num_rows = num_rows,
                        .length = matrix_.depth(),
                        .panels = packed,
                        .bias = packed + matrix_.num_elements(),
                        .offsets = offsets},
               epilogue_, arguments);
    }
  }

  PanelMatrix<T> matrix_;
  Epilogue<T> epilogue_;
  TensorSpec weight_, bias_;
  std::int64_t output_stride_, depth_stride_;
  bool takes_bias_ = false;
  // Of x, then of each tensor of the epilogue.
  std::vector<FlatIndex> batches_, rows_;
  FlatIndex weight_batches_;
  std::vector<T> packed_;  // empty: packed while running
  ScratchPlan plan_;
  std::size_t offsets_ = 0, packed_in_scratch_ = 0;
};

}  // namespace

KernelPtr Make(const op::Linear& op, const KernelRequest& request) {
  return MakeFloating<ProductKernel>(op, request,
                                     {Layout::kLastContiguous, Layout::kRaw, Layout::kRaw});
}

KernelPtr Make(const op::MatMul& op, const KernelRequest& request) {
  return MakeFloating<ProductKernel>(op, request, {Layout::kLastContiguous, Layout::kRaw});
}

}  // namespace fedge::portable
