#include <algorithm>
#include <functional>
#include <numeric>

#include "fedge/engine/onednn/kernels.h"
#include "fedge/engine/onednn/loop_kernel.h"

// Linear layers. A row must give the same bytes alone and in any batch.
//
// Where items of the first dimension are matrices, a primitive is made for one item, and executed
// for each. Where they are rows, oneDNN 2.6.3 was measured, over depths of 1 to 9216 and 1 to 1000
// outputs, for 1 to 64 rows: its BRGEMM code sums each output in the order of the depth, whatever
// the number of rows (all bytes equal); what it falls back to below AVX-512 ("gemm:jit") takes
// another order for one row than for two, and others from there on. So rows go to BRGEMM only, in
// one thread (several may share out the depth), in blocks of kBlockRows and one of the rest.
namespace fedge::onednn {
namespace {

// From about 8 rows on, the time is proportional to the rows.
constexpr std::int64_t kBlockRows = 32;

// A matrix [rows, columns] of a view's items.
struct Matrix {
  Dims dims, strides;
};

// Dimensions `first` and behind of a tensor of rows as one dimension of rows and the columns;
// nullopt: the rows are not evenly spaced, or their elements not next to each other.
std::optional<Matrix> MatrixOf(const TensorView& view, std::size_t first) {
  const std::size_t rank = view.dims.size();
  if (view.dims[rank - 1] > 1 && view.strides[rank - 1] != 1) return std::nullopt;
  Matrix matrix{{1, view.dims[rank - 1]}, {view.dims[rank - 1], 1}};
  for (std::size_t d = rank - 1; d-- > first;) {
    if (view.dims[d] == 1) continue;
    if (matrix.dims[0] == 1) {
      matrix.strides[0] = view.strides[d];
    } else if (view.strides[d] != matrix.dims[0] * matrix.strides[0]) {
      return std::nullopt;
    }
    matrix.dims[0] *= view.dims[d];
  }
  // oneDNN can't be told that rows overlap.
  if (matrix.dims[0] > 1 && matrix.strides[0] < matrix.dims[1]) return std::nullopt;
  return matrix;
}

bool SameSizes(const TensorView& a, const TensorView& b) {
  return a.dtype == b.dtype &&
         std::equal(a.dims.begin(), a.dims.end(), b.dims.begin(), b.dims.end());
}

// The matrix of the first `rows` rows.
Matrix Rows(Matrix matrix, std::int64_t rows) {
  matrix.dims[0] = rows;
  matrix.strides[0] = std::max(matrix.strides[0], matrix.dims[1]);
  return matrix;
}

class LinearMaker {
 public:
  LinearMaker(const RuntimePtr& runtime, const KernelRequest& request)
      : runtime_(runtime),
        request_(request),
        x_(request.inputs[0]),
        y_(request.outputs[0]),
        // Items of the first dimension, or rows.
        by_rows_(x_.dims.size() <= 2),
        first_(x_.dims.size() >= 3 ? 1 : 0) {}

  KernelPtr Make() {
    if (x_.dims.size() < 2 || !Describe()) return nullptr;
    const ThreadsHere threads(*runtime_, NumThreads());
    // In this order: see conv.cc.
    for (const Residual residual : {Residual::kSum, Residual::kBinary}) {
      if (auto kernel = MakeWith(residual)) return kernel;
    }
    return nullptr;
  }

 private:
  struct Form {
    dnnl_memory_desc_t source, output;
    std::optional<Attributes> attributes;
    Description description;
  };

  int NumThreads() const { return by_rows_ ? 1 : runtime_->threads(); }

  bool Describe() {
    const TensorView& weight = request_.inputs[1];
    if (!runtime_->Takes(x_.dtype) || weight.data == nullptr || weight.dtype != x_.dtype) {
      return false;
    }
    const auto source = MatrixOf(x_, first_);
    const auto output = MatrixOf(y_, first_);
    if (!source || !output) return false;
    source_ = *source;
    output_ = *output;
    const Dims dims = {weight.dims[1], weight.dims[0]};
    const Dims strides = {weight.strides[1], weight.strides[0]};
    const auto weights = runtime_->Describe(weight.dtype, dims, strides);
    if (!weights) return false;
    weights_ = *weights;
    if (!HasInput(request_, 2)) return true;
    const TensorView& bias = request_.inputs[2];
    if (bias.data == nullptr || bias.dims.size() != 1) return false;
    const Dims sizes = {1, bias.dims[0]};
    const auto stored = runtime_->Describe(bias.dtype, sizes,
                                           Dims{bias.dims[0] * bias.strides[0], bias.strides[0]});
    const auto packed = runtime_->Describe(bias.dtype, sizes, Dims{bias.dims[0], 1});
    if (!stored || !packed) return false;
    bias_ = {*stored, *packed};
    return true;
  }

  // For `rows` rows and weights in this layout; without description if it can't be done.
  Form Create(Residual residual, std::int64_t rows, const dnnl_memory_desc_t& weights) const {
    Form form;
    const Matrix from = Rows(source_, rows);
    const Matrix to = Rows(output_, rows);
    const auto source = runtime_->Describe(x_.dtype, from.dims, from.strides);
    const auto output = runtime_->Describe(y_.dtype, to.dims, to.strides);
    if (!source || !output) return form;
    form.source = *source;
    form.output = *output;
    form.attributes = MakeAttributes(*runtime_, request_.post_ops, form.output, residual);
    if (!form.attributes) return form;
    dnnl_matmul_desc_t desc;
    if ((*runtime_)->matmul_desc_init(&desc, &form.source, &weights, bias_ ? &bias_->to : nullptr,
                                      &form.output) != dnnl_success) {
      return form;
    }
    Description made = Description::Make(*runtime_, &desc, form.attributes->attributes.get());
    if (made && (!by_rows_ || made.is_brgemm(*runtime_))) form.description = std::move(made);
    return form;
  }

  KernelPtr MakeWith(Residual residual) const {
    const std::int64_t rows = output_.dims[0];
    // Whether there is a kernel, and how the weights lie, must not depend on the number of rows.
    const std::int64_t block = by_rows_ ? kBlockRows : rows;
    const Form whole = Create(residual, block, AnyLayout(weights_));
    if (!whole.description) return nullptr;
    const dnnl_memory_desc_t packed = whole.description.weights(*runtime_);
    if (by_rows_ && !Create(residual, 1, packed).description) return nullptr;
    const auto constants = PackConstants(*runtime_, request_, {weights_, packed}, bias_);
    Loop loop{.runtime = runtime_, .threads = NumThreads()};
    if (constants.empty() || !AddOperands(*whole.attributes, loop)) return nullptr;
    loop.unread = {false, true, bias_.has_value()};
    if (!by_rows_) {
      if (!AddPart(loop, whole, constants, {nullptr, 0, y_.dims[0], 1})) return nullptr;
      return MakeLoopKernel(std::move(loop));
    }
    if (rows >= block && !AddPart(loop, whole, constants, {nullptr, 0, rows / block, block})) {
      return nullptr;
    }
    if (const std::int64_t rest = rows % block; rest > 0) {
      const Form form = Create(residual, rest, packed);
      if (!form.description || !AddPart(loop, form, constants, {nullptr, rows - rest, 1, rest})) {
        return nullptr;
      }
    }
    return MakeLoopKernel(std::move(loop));
  }

  bool AddPart(Loop& loop, const Form& form, std::span<const PackedArgument> constants,
               Part part) const {
    std::vector<Argument> tensors = {{DNNL_ARG_DST, form.output}, {DNNL_ARG_SRC, form.source}};
    for (const auto& added : form.attributes->added) {
      tensors.push_back({added.argument, form.output});
    }
    part.primitive = Primitive::Make(runtime_, form.description, tensors, constants);
    if (part.primitive == nullptr) return false;
    loop.parts.push_back(std::move(part));
    return true;
  }

  bool AddOperands(const Attributes& attributes, Loop& loop) const {
    loop.operands = {{true, 0, FirstStep(y_, y_.dims)}, {false, 0, FirstStep(x_, y_.dims)}};
    for (const Attributes::Added& added : attributes.added) {
      if (!IsAddend(added.input)) return false;
      loop.operands.push_back(
          {false, added.input, FirstStep(request_.inputs[added.input], y_.dims)});
    }
    if (!attributes.sum.has_value()) return true;
    const std::size_t input = *attributes.sum;
    if (!IsAddend(input)) return false;
    // Copied in one piece for each index of the first dimension.
    if (!by_rows_ && output_.strides[0] != output_.dims[1] && output_.dims[0] > 1) return false;
    const std::int64_t elements = (by_rows_ ? 1 : output_.dims[0]) * output_.dims[1];
    loop.addend = {{false, input, FirstStep(request_.inputs[input], y_.dims)},
                   static_cast<std::size_t>(elements) * DTypeSize(y_.dtype)};
    return true;
  }

  // Whether an input's items lie as the output's do.
  bool IsAddend(std::size_t input) const {
    const TensorView& view = request_.inputs[input];
    if (!SameSizes(view, y_)) return false;
    const auto matrix = MatrixOf(view, first_);
    return matrix.has_value() && matrix->dims == output_.dims &&
           (matrix->dims[0] == 1 || matrix->strides == output_.strides);
  }

  const RuntimePtr& runtime_;
  const KernelRequest& request_;
  const TensorView& x_;
  const TensorView& y_;
  const bool by_rows_;
  const std::size_t first_;
  Matrix source_, output_;
  dnnl_memory_desc_t weights_ = {};
  std::optional<Packing> bias_;
};

}  // namespace

KernelPtr MakeLinear(const RuntimePtr& runtime, const KernelRequest& request,
                     std::size_t min_bytes) {
  const TensorView& weight = request.inputs[1];
  const auto bytes =
      static_cast<std::size_t>(weight.dims[0] * weight.dims[1]) * DTypeSize(weight.dtype);
  const bool rows = request.inputs[0].dims.size() <= 2;
  if (rows && weight.dtype == DType::kFloat32 && bytes < min_bytes) return nullptr;
  return LinearMaker(runtime, request).Make();
}

}  // namespace fedge::onednn
