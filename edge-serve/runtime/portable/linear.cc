#include <algorithm>

#include <fmt/format.h>

#include "fedge/engine/portable/packed.h"
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
      : ProductKernel(request, 0, request.inputs[1].strides[0], request.inputs[1].strides[1]) {
    takes_bias_ = true;
    const auto fill = [matrix = matrix_](const TensorView& bias, T* to) {
      std::fill_n(to, matrix.num_columns(), T{0});
      if (bias.data == nullptr) return;
      Load(bias.data, bias.dtype, bias.strides[0], matrix.outputs(), to);
    };
    biases_ = Packed<T>(request, 2, Form(), matrix_.num_columns(), fill, plan_);
  }

  ProductKernel(const op::MatMul&, const KernelRequest& request)
      : ProductKernel(request, BatchDims(request), request.inputs[1].strides.back(),
                      *(request.inputs[1].strides.end() - 2)) {}

  std::size_t scratch_bytes() const override { return plan_.bytes(); }
  bool reads(std::size_t i) const override {
    return !(i == 1 && packed_.constant()) && !(i == 2 && takes_bias_ && biases_.constant());
  }

  Status Run(const Arguments& arguments) const override {
    if (takes_bias_) biases_.Update(arguments);
    std::int64_t packed_offset = -1;
    for (std::int64_t batch = 0; batch < batches_[0].size(); ++batch) {
      const std::int64_t offset = weight_batches_(batch);
      if (offset != packed_offset) packed_.Update(arguments, offset);
      packed_offset = offset;
      RunBatch(arguments, batch);
    }
    return OkStatus();
  }

 private:
  // The output's first `num_batch_dims` dimensions each have a matrix of their own.
  ProductKernel(const KernelRequest& request, std::size_t num_batch_dims,
                std::int64_t output_stride, std::int64_t depth_stride)
      : matrix_(request.outputs[0].dims.back(), request.inputs[0].dims.back()),
        epilogue_(request, request.outputs[0].dims.size() - 1) {
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
      const Dims strides = BroadcastStrides(TensorSpec(request.inputs[1]), weight_dims);
      weight_batches_ = FlatIndex(batch_dims, std::span(strides).first(num_batch_dims));
    }
    offsets_ =
        plan_.Add<std::int64_t>(kBlockRows * static_cast<std::int64_t>(epilogue_.num_tensors()));
    PlanPacking(request, output_stride, depth_stride);
  }

  // None where all rows are multiplied by the same matrix.
  static std::size_t BatchDims(const KernelRequest& request) {
    const auto leading = Leading(request.inputs[1].dims, 2);
    const bool shared =
        std::all_of(leading.begin(), leading.end(), [](std::int64_t size) { return size == 1; });
    return shared ? 0 : request.outputs[0].dims.size() - 2;
  }

  // A batch of constants is packed one at a time, while running, like what is not constant.
  void PlanPacking(const KernelRequest& request, std::int64_t output_stride,
                   std::int64_t depth_stride) {
    const auto fill = [matrix = matrix_, output_stride, depth_stride](const TensorView& weight,
                                                                      T* to) {
      const auto bytes = output_stride * static_cast<std::int64_t>(DTypeSize(weight.dtype));
      if (weight.dtype == DTypeOf<T>()) {
        return matrix.Pack(weight.as<const T>(), output_stride, depth_stride, to);
      }
      std::fill_n(to, matrix.num_elements(), T{0});
      T* const row = to + matrix.num_elements();
      for (std::int64_t o = 0; o < matrix.outputs(); ++o) {
        Load(weight.data + o * bytes, weight.dtype, depth_stride, matrix.depth(), row);
        matrix.PackOutput(o, row, 1, to);
      }
    };
    std::vector<TensorView> inputs(request.inputs.begin(), request.inputs.end());
    if (batches_[0].size() != 1) inputs[1].data = nullptr;
    // What one output's weights are widened in lies behind the matrix.
    const bool same = inputs[1].dtype == DTypeOf<T>();
    packed_ = Packed<T>({request.node, request.post_ops, inputs, request.outputs, request.packer},
                        1, fmt::format("{} {} {}", Form(), output_stride, depth_stride),
                        matrix_.num_elements() + (same ? 0 : matrix_.depth()), fill, plan_);
  }

  std::string Form() const {
    return fmt::format("product {} {} {} {}", DTypeName(DTypeOf<T>()), BestTileKernels<T>().columns,
                       matrix_.outputs(), matrix_.depth());
  }

  void RunBatch(const Arguments& arguments, std::int64_t batch) const {
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
                        .panels = packed_.Get(arguments),
                        .bias = takes_bias_ ? biases_.Get(arguments) : nullptr,
                        .offsets = offsets},
               epilogue_, arguments);
    }
  }

  PanelMatrix<T> matrix_;
  Epilogue<T> epilogue_;
  bool takes_bias_ = false;
  Packed<T> packed_, biases_;
  // Of x, then of each tensor of the epilogue.
  std::vector<FlatIndex> batches_, rows_;
  FlatIndex weight_batches_;
  ScratchPlan plan_;
  std::size_t offsets_ = 0;
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
