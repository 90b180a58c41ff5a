#include <algorithm>

#include "fedge/engine/portable/math.h"
#include "fedge/engine/portable/panels.h"
#include "fedge/engine/portable/scratch.h"
#include "fedge/engine/portable/staged.h"

namespace fedge::portable {
namespace {

// Gates of [rows][num_gates][hidden], from x and from h; h and, for LSTM, c become those of the
// next step.
template <class T>
void LstmStep(const T* from_x, const T* from_h, std::int64_t hidden, T* h, T* c) {
  for (std::int64_t j = 0; j < hidden; ++j) {
    const auto gate = [&](std::int64_t g) {
      return from_x[g * hidden + j] + from_h[g * hidden + j];
    };
    const T cell = Sigmoid(gate(1)) * c[j] + Sigmoid(gate(0)) * Tanh(gate(2));
    c[j] = cell;
    h[j] = Sigmoid(gate(3)) * Tanh(cell);
  }
}

template <class T>
void GruStep(const T* from_x, const T* from_h, std::int64_t hidden, T* h) {
  for (std::int64_t j = 0; j < hidden; ++j) {
    const T reset = Sigmoid(from_x[j] + from_h[j]);
    const T update = Sigmoid(from_x[hidden + j] + from_h[hidden + j]);
    const T fresh = Tanh(from_x[2 * hidden + j] + reset * from_h[2 * hidden + j]);
    h[j] = (T{1} - update) * fresh + update * h[j];
  }
}

// What x contributes to the gates is computed for several steps at once, what h does step by step.
template <class T>
class RecurrentKernel : public Kernel {
 public:
  RecurrentKernel(const op::Recurrent& op, const KernelRequest& request)
      : op_(op),
        batch_(request.inputs[0].dims[0]),
        steps_(request.inputs[0].dims[1]),
        hidden_(request.inputs[1].dims[1]),
        gates_((op.kind == op::Recurrent::Kind::kLstm ? 4 : 3) * hidden_),
        matrices_{PanelMatrix<T>(gates_, request.inputs[0].dims[2]),
                  PanelMatrix<T>(gates_, hidden_)} {
    for (const TensorView& view : request.inputs) inputs_.emplace_back(view);
    for (const TensorView& view : request.outputs) outputs_.emplace_back(view);
    bool constant = true;
    for (std::size_t i = kWeights; i < kWeights + 4; ++i) {
      const TensorView view = InputOrNone(request.inputs, i);
      constant &= !IsPresent(view) || view.data != nullptr;
    }
    const std::int64_t elements = PackedAt(2) + std::max(hidden_, matrices_[0].depth());
    if (constant) {
      packed_.resize(static_cast<std::size_t>(elements));
      Pack(request.inputs, packed_.data());
    } else {
      packed_in_scratch_ = plan_.Add<T>(elements);
    }
    from_x_ = plan_.Add<T>(batch_ * kSteps * gates_);
    from_h_ = plan_.Add<T>(batch_ * gates_);
    h_ = plan_.Add<T>(batch_ * hidden_);
    c_ = plan_.Add<T>(batch_ * hidden_);
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }

  Status Run(const Arguments& arguments) const override {
    const T* packed = packed_.data();
    if (packed_.empty()) {
      T* const to = ScratchAt<T>(arguments.scratch, packed_in_scratch_);
      Pack(arguments.inputs, to);
      packed = to;
    }
    T* const h = ScratchAt<T>(arguments.scratch, h_);
    T* const c = ScratchAt<T>(arguments.scratch, c_);
    LoadState(arguments.inputs, 1, h);
    if (op_.kind == op::Recurrent::Kind::kLstm) LoadState(arguments.inputs, 2, c);
    for (std::int64_t done = 0; done < steps_; done += kSteps) {
      const std::int64_t count = std::min(kSteps, steps_ - done);
      RunSteps(arguments, op_.reverse ? steps_ - done - count : done, count, packed);
    }
    StoreState(arguments, 1, h);
    if (op_.kind == op::Recurrent::Kind::kLstm) StoreState(arguments, 2, c);
    return OkStatus();
  }

 private:
  static constexpr std::size_t kWeights = 3;  // w_ih, w_hh, b_ih, b_hh
  static constexpr std::int64_t kSteps = 16;

  // Weights and biases of x's (0) and h's (1) contributions; 2: the end.
  std::int64_t PackedAt(std::size_t index) const {
    std::int64_t at = 0;
    for (std::size_t i = 0; i < index; ++i) {
      at += matrices_[i].num_elements() + matrices_[i].num_columns();
    }
    return at;
  }

  void Pack(std::span<const TensorView> inputs, T* to) const {
    std::fill_n(to, PackedAt(2), T{0});
    T* const row = to + PackedAt(2);
    for (std::size_t i = 0; i < 2; ++i) {
      const TensorSpec& weight = inputs_[kWeights + i];
      const PanelMatrix<T>& matrix = matrices_[i];
      T* const panels = to + PackedAt(i);
      for (std::int64_t o = 0; o < gates_; ++o) {
        Load(Element(inputs[kWeights + i].data, weight, o * weight.strides[0]), weight.dtype,
             weight.strides[1], matrix.depth(), row);
        matrix.PackOutput(o, row, 1, panels);
      }
      const TensorView bias = InputOrNone(inputs, kWeights + 2 + i);
      if (bias.data == nullptr) continue;
      const TensorSpec& spec = inputs_[kWeights + 2 + i];
      Load(bias.data, spec.dtype, spec.strides[0], gates_, panels + matrix.num_elements());
    }
  }

  static const std::byte* Element(const std::byte* data, const TensorSpec& spec,
                                  std::int64_t offset) {
    return data + offset * static_cast<std::int64_t>(DTypeSize(spec.dtype));
  }

  void LoadState(std::span<const TensorView> inputs, std::size_t index, T* to) const {
    const TensorSpec& spec = inputs_[index];
    for (std::int64_t n = 0; n < batch_; ++n) {
      Load(Element(inputs[index].data, spec, n * spec.strides[0]), spec.dtype, spec.strides[1],
           hidden_, to + n * hidden_);
    }
  }

  void StoreState(const Arguments& arguments, std::size_t index, const T* from) const {
    if (index >= outputs_.size()) return;
    const Dims& strides = outputs_[index].strides;
    T* const to = arguments.outputs[index].template as<T>();
    for (std::int64_t n = 0; n < batch_; ++n)
      StoreRow(from + n * hidden_, to + n * strides[0], strides[1]);
  }

  void StoreRow(const T* from, T* to, std::int64_t stride) const {
    for (std::int64_t j = 0; j < hidden_; ++j) to[j * stride] = from[j];
  }

  void MultiplyBy(std::size_t index, const T* packed, const RowMajorProduct<T>& rows) const {
    RowMajorProduct<T> product = rows;
    product.panels = packed + PackedAt(index);
    product.bias = product.panels + matrices_[index].num_elements();
    Multiply(matrices_[index], product);
  }

  // Steps first .. first + count - 1, backwards where the layer runs so.
  void RunSteps(const Arguments& arguments, std::int64_t first, std::int64_t count,
                const T* packed) const {
    T* const from_x = ScratchAt<T>(arguments.scratch, from_x_);
    T* const from_h = ScratchAt<T>(arguments.scratch, from_h_);
    T* const h = ScratchAt<T>(arguments.scratch, h_);
    T* const c = ScratchAt<T>(arguments.scratch, c_);
    T* const y = arguments.outputs[0].template as<T>();
    const Dims& x_strides = inputs_[0].strides;
    const Dims& y_strides = outputs_[0].strides;
    for (std::int64_t n = 0; n < batch_; ++n) {
      const T* const x = arguments.inputs[0].template as<const T>() + n * x_strides[0];
      MultiplyBy(0, packed,
                 {x + first * x_strides[1], x_strides[1], count, nullptr, nullptr,
                  from_x + n * kSteps * gates_, gates_});
    }
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t step = op_.reverse ? count - 1 - i : i;
      MultiplyBy(1, packed, {h, hidden_, batch_, nullptr, nullptr, from_h, gates_});
      for (std::int64_t n = 0; n < batch_; ++n) {
        const T* const gates = from_x + (n * kSteps + step) * gates_;
        T* const state = h + n * hidden_;
        if (op_.kind == op::Recurrent::Kind::kLstm) {
          LstmStep(gates, from_h + n * gates_, hidden_, state, c + n * hidden_);
        } else {
          GruStep(gates, from_h + n * gates_, hidden_, state);
        }
        StoreRow(state, y + n * y_strides[0] + (first + step) * y_strides[1], y_strides[2]);
      }
    }
  }

  op::Recurrent op_;
  std::int64_t batch_, steps_, hidden_, gates_;
  std::array<PanelMatrix<T>, 2> matrices_;  // of x and of h
  std::vector<TensorSpec> inputs_, outputs_;
  std::vector<T> packed_;  // empty: the weights are not constant
  ScratchPlan plan_;
  std::size_t from_x_, from_h_, h_, c_, packed_in_scratch_ = 0;
};

}  // namespace

KernelPtr Make(const op::Recurrent& op, const KernelRequest& request) {
  return MakeFloating<RecurrentKernel>(op, request,
                                       {Layout::kLastContiguous, Layout::kRaw, Layout::kRaw,
                                        Layout::kRaw, Layout::kRaw, Layout::kRaw, Layout::kRaw});
}

}  // namespace fedge::portable
