#include <algorithm>
#include <limits>

#include "fedge/engine/portable/panels.h"
#include "fedge/engine/portable/rows.h"
#include "fedge/engine/portable/scratch.h"
#include "fedge/engine/portable/staged.h"

namespace fedge::portable {
namespace {

// Keys and values of one head are packed, then a block of queries at a time is scored against all
// keys, normalised, and multiplied with the values.
template <class T>
class AttentionKernel : public Kernel {
 public:
  AttentionKernel(const op::Attention& op, const KernelRequest& request)
      : op_(op),
        queries_(*(request.inputs[0].dims.end() - 2)),
        key_matrix_(*(request.inputs[1].dims.end() - 2), request.inputs[1].dims.back()),
        value_matrix_(request.inputs[2].dims.back(), *(request.inputs[2].dims.end() - 2)) {
    for (std::size_t i = 0; i < 3; ++i) {
      AddTensor(request.inputs[i], request.outputs[0].dims, request.inputs[i].dims);
    }
    AddTensor(request.outputs[0], request.outputs[0].dims, request.outputs[0].dims);
    const TensorView mask = InputOrNone(request.inputs, 3);
    masked_ = IsPresent(mask);
    if (masked_) {
      const Dims scores = {queries_, key_matrix_.outputs()};
      AddTensor(mask, request.outputs[0].dims, scores);
      mask_dtype_ = mask.dtype;
    }
    keys_ = plan_.Add<T>(key_matrix_.num_elements());
    values_ = plan_.Add<T>(value_matrix_.num_elements());
    scores_ = plan_.Add<T>(kQueries * key_matrix_.outputs());
    results_ = plan_.Add<T>(kQueries * value_matrix_.outputs());
    mask_row_ = plan_.Add<T>(key_matrix_.outputs());
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }

  Status Run(const Arguments& arguments) const override {
    T* const keys = ScratchAt<T>(arguments.scratch, keys_);
    T* const values = ScratchAt<T>(arguments.scratch, values_);
    for (std::int64_t head = 0; head < tensors_[kOutput].heads.size(); ++head) {
      const Tensor& k = tensors_[kKey];
      const Tensor& v = tensors_[kValue];
      key_matrix_.Pack(arguments.inputs[kKey].template as<const T>() + k.heads(head), k.row,
                       k.column, keys);
      value_matrix_.Pack(arguments.inputs[kValue].template as<const T>() + v.heads(head), v.column,
                         v.row, values);
      for (std::int64_t first = 0; first < queries_; first += kQueries) {
        RunBlock(arguments, head, first, std::min(kQueries, queries_ - first));
      }
    }
    return OkStatus();
  }

 private:
  static constexpr std::int64_t kQueries = 32;  // in a block: their scores stay in the cache

  enum : std::size_t { kQuery, kKey, kValue, kOutput, kMask };

  // Strides over the leading dimensions, broadcast, and of the last two.
  struct Tensor {
    FlatIndex heads;
    std::int64_t row, column;
  };

  void AddTensor(const TensorView& view, std::span<const std::int64_t> output,
                 std::span<const std::int64_t> matrix) {
    Dims dims(output.begin(), output.end() - 2);
    dims.insert(dims.end(), matrix.end() - 2, matrix.end());
    const Dims strides = BroadcastStrides(TensorSpec(view), dims);
    const std::size_t leading = dims.size() - 2;
    tensors_.push_back(
        {FlatIndex(std::span(dims).first(leading), std::span(strides).first(leading)),
         strides[leading], strides[leading + 1]});
  }

  void RunBlock(const Arguments& arguments, std::int64_t head, std::int64_t first,
                std::int64_t num_rows) const {
    T* const scores = ScratchAt<T>(arguments.scratch, scores_);
    T* const results = ScratchAt<T>(arguments.scratch, results_);
    const Tensor& query = tensors_[kQuery];
    const std::int64_t num_keys = key_matrix_.outputs();
    const std::int64_t num_columns = value_matrix_.outputs();
    const T* const x = arguments.inputs[kQuery].template as<const T>() + query.heads(head);
    Multiply(key_matrix_,
             RowMajorProduct<T>{x + first * query.row, query.row, num_rows,
                                ScratchAt<T>(arguments.scratch, keys_), nullptr, scores, num_keys});
    for (std::int64_t r = 0; r < num_rows; ++r) {
      T* const row = scores + r * num_keys;
      if (masked_) ApplyMask(arguments, head, first + r, row);
      const std::int64_t seen = op_.causal ? std::min(num_keys, first + r + 1) : num_keys;
      std::fill(row + seen, row + num_keys, T{0});
      Normalise(row, seen);
    }
    const Tensor& output = tensors_[kOutput];
    T* const to = arguments.outputs[0].template as<T>() + output.heads(head) + first * output.row;
    const bool direct = output.column == 1;
    Multiply(
        value_matrix_,
        RowMajorProduct<T>{scores, num_keys, num_rows, ScratchAt<T>(arguments.scratch, values_),
                           nullptr, direct ? to : results, direct ? output.row : num_columns});
    for (std::int64_t r = 0; r < num_rows && !direct; ++r) {
      for (std::int64_t c = 0; c < num_columns; ++c) {
        to[r * output.row + c * output.column] = results[r * num_columns + c];
      }
    }
  }

  void ApplyMask(const Arguments& arguments, std::int64_t head, std::int64_t query, T* row) const {
    const Tensor& mask = tensors_[kMask];
    const std::int64_t at = mask.heads(head) + query * mask.row;
    T* const buffer = ScratchAt<T>(arguments.scratch, mask_row_);
    const T* const values =
        Read(arguments.inputs[3].data + at * static_cast<std::int64_t>(DTypeSize(mask_dtype_)),
             mask_dtype_, mask.column, key_matrix_.outputs(), buffer);
    const T scale = static_cast<T>(op_.scale);
    for (std::int64_t i = 0; i < key_matrix_.outputs(); ++i) {
      if (mask_dtype_ == DType::kBool) {
        row[i] = values[i] != 0 ? row[i] * scale : -std::numeric_limits<T>::infinity();
      } else {
        row[i] = row[i] * scale + values[i];
      }
    }
  }

  // A query that may see no key at all gets zeros. The mask is added to what was scaled already.
  void Normalise(T* row, std::int64_t seen) const {
    const T scale = masked_ ? T{1} : static_cast<T>(op_.scale);
    const bool blind = std::all_of(row, row + seen, [=](T score) {
      return score * scale == -std::numeric_limits<T>::infinity();
    });
    if (blind) {
      std::fill_n(row, seen, T{0});
    } else {
      BestRowKernels<T>().softmax(row, scale, seen, row);
    }
  }

  op::Attention op_;
  std::int64_t queries_;
  PanelMatrix<T> key_matrix_, value_matrix_;
  std::vector<Tensor> tensors_;
  bool masked_ = false;
  DType mask_dtype_ = DType::kBool;
  ScratchPlan plan_;
  std::size_t keys_, values_, scores_, results_, mask_row_;
};

}  // namespace

KernelPtr Make(const op::Attention& op, const KernelRequest& request) {
  return MakeFloating<AttentionKernel>(op, request, {Layout::kLastContiguous});
}

}  // namespace fedge::portable
