#include <algorithm>

#include <fmt/format.h>

#include "fedge/engine/portable/packed.h"
#include "fedge/engine/portable/panels.h"
#include "fedge/engine/portable/rows.h"
#include "fedge/engine/portable/scratch.h"
#include "fedge/engine/portable/staged.h"

namespace fedge::portable {
namespace {

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
    for (std::size_t i = 0; i < 2; ++i) {
      const PanelMatrix<T> matrix = matrices_[i];
      const std::string form =
          fmt::format("recurrent {} {}", DTypeName(DTypeOf<T>()), BestTileKernels<T>().columns);
      weights_[i] = Packed<T>(
          request, kWeights + i, form, matrix.num_elements() + matrix.depth(),
          [matrix](const TensorView& weight, T* to) { PackWeight(matrix, weight, to); }, plan_);
      biases_[i] = Packed<T>(
          request, kBiases + i, form, matrix.num_columns(),
          [matrix](const TensorView& bias, T* to) { PackBias(matrix, bias, to); }, plan_);
    }
    from_x_ = plan_.Add<T>(batch_ * kSteps * gates_);
    from_h_ = plan_.Add<T>(batch_ * gates_);
    h_ = plan_.Add<T>(batch_ * hidden_);
    c_ = plan_.Add<T>(batch_ * hidden_);
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }
  bool reads(std::size_t i) const override {
    if (i < kWeights || i >= kBiases + 2) return true;
    return !(i < kBiases ? weights_[i - kWeights] : biases_[i - kBiases]).constant();
  }

  Status Run(const Arguments& arguments) const override {
    for (std::size_t i = 0; i < 2; ++i) {
      weights_[i].Update(arguments);
      biases_[i].Update(arguments);
    }
    T* const h = ScratchAt<T>(arguments.scratch, h_);
    T* const c = ScratchAt<T>(arguments.scratch, c_);
    LoadState(arguments.inputs, 1, h);
    if (op_.kind == op::Recurrent::Kind::kLstm) LoadState(arguments.inputs, 2, c);
    for (std::int64_t done = 0; done < steps_; done += kSteps) {
      const std::int64_t count = std::min(kSteps, steps_ - done);
      RunSteps(arguments, op_.reverse ? steps_ - done - count : done, count);
    }
    StoreState(arguments, 1, h);
    if (op_.kind == op::Recurrent::Kind::kLstm) StoreState(arguments, 2, c);
    return OkStatus();
  }

 private:
  static constexpr std::size_t kWeights = 3;  // w_ih, w_hh
  static constexpr std::size_t kBiases = 5;   // b_ih, b_hh
  static constexpr std::int64_t kSteps = 16;

  // What a gate's weights are widened in lies behind the matrix.
  static void PackWeight(const PanelMatrix<T>& matrix, const TensorView& weight, T* to) {
    std::fill_n(to, matrix.num_elements(), T{0});
    T* const row = to + matrix.num_elements();
    for (std::int64_t o = 0; o < matrix.outputs(); ++o) {
      const std::int64_t offset = o * weight.strides[0];
      Load(weight.data + offset * static_cast<std::int64_t>(DTypeSize(weight.dtype)), weight.dtype,
           weight.strides[1], matrix.depth(), row);
      matrix.PackOutput(o, row, 1, to);
    }
  }

  static void PackBias(const PanelMatrix<T>& matrix, const TensorView& bias, T* to) {
    std::fill_n(to, matrix.num_columns(), T{0});
    if (bias.data == nullptr) return;
    Load(bias.data, bias.dtype, bias.strides[0], matrix.outputs(), to);
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

  void MultiplyBy(std::size_t index, const Arguments& arguments, RowMajorProduct<T> product) const {
    product.panels = weights_[index].Get(arguments);
    product.bias = biases_[index].Get(arguments);
    Multiply(matrices_[index], product);
  }

  // Steps first .. first + count - 1, backwards where the layer runs so.
  void RunSteps(const Arguments& arguments, std::int64_t first, std::int64_t count) const {
    T* const from_x = ScratchAt<T>(arguments.scratch, from_x_);
    T* const from_h = ScratchAt<T>(arguments.scratch, from_h_);
    T* const h = ScratchAt<T>(arguments.scratch, h_);
    T* const c = ScratchAt<T>(arguments.scratch, c_);
    T* const y = arguments.outputs[0].template as<T>();
    const Dims& x_strides = inputs_[0].strides;
    const Dims& y_strides = outputs_[0].strides;
    for (std::int64_t n = 0; n < batch_; ++n) {
      const T* const x = arguments.inputs[0].template as<const T>() + n * x_strides[0];
      MultiplyBy(0, arguments,
                 {x + first * x_strides[1], x_strides[1], count, nullptr, nullptr,
                  from_x + n * kSteps * gates_, gates_});
    }
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t step = op_.reverse ? count - 1 - i : i;
      MultiplyBy(1, arguments, {h, hidden_, batch_, nullptr, nullptr, from_h, gates_, i % 2 == 1});
      for (std::int64_t n = 0; n < batch_; ++n) {
        const Gates<T> gates = {from_x + (n * kSteps + step) * gates_, from_h + n * gates_,
                                hidden_};
        T* const state = h + n * hidden_;
        if (op_.kind == op::Recurrent::Kind::kLstm) {
          BestRowKernels<T>().lstm(gates, state, c + n * hidden_);
        } else {
          BestRowKernels<T>().gru(gates, state);
        }
        StoreRow(state, y + n * y_strides[0] + (first + step) * y_strides[1], y_strides[2]);
      }
    }
  }

  op::Recurrent op_;
  std::int64_t batch_, steps_, hidden_, gates_;
  std::array<PanelMatrix<T>, 2> matrices_;  // of x and of h
  std::vector<TensorSpec> inputs_, outputs_;
  std::array<Packed<T>, 2> weights_, biases_;
  ScratchPlan plan_;
  std::size_t from_x_ = 0, from_h_ = 0, h_ = 0, c_ = 0;
};

}  // namespace

KernelPtr Make(const op::Recurrent& op, const KernelRequest& request) {
  return MakeFloating<RecurrentKernel>(op, request,
                                       {Layout::kLastContiguous, Layout::kRaw, Layout::kRaw,
                                        Layout::kRaw, Layout::kRaw, Layout::kRaw, Layout::kRaw});
}

}  // namespace fedge::portable
