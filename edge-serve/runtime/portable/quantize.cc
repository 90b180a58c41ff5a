#include <algorithm>
#include <array>
#include <utility>

#include "fedge/engine/portable/kernels.h"
#include "fedge/engine/portable/quant_kernels.h"
#include "fedge/engine/portable/strided.h"

// Between bytes and numbers, and sums of bytes: element by element.
namespace fedge::portable {
namespace {

// to[i] = f(inputs[i]...) of K inputs of the output's shape. Row is called as row(std::array<const
// In*, K>, Out*, count). In place is fine where strides and sizes of elements agree.
template <class In, class Out, std::size_t K, class Row>
class ByteMap : public Kernel {
 public:
  ByteMap(const KernelRequest& request, Row row) : row_(std::move(row)) {
    const TensorSpec output(request.outputs[0]);
    std::array<Dims, K + 1> strides = {output.strides};
    for (std::size_t k = 0; k < K; ++k) strides[k + 1] = TensorSpec(request.inputs[k]).strides;
    loop_ = StridedLoop<K + 1>(output.dims, strides);
  }

  Status Run(const Arguments& arguments) const override {
    loop_.ForEachRow([&](const Steps& offsets, std::int64_t count, const Steps& steps) {
      for (std::int64_t done = 0; done < count; done += kPiece) {
        Steps at = offsets;
        for (std::size_t k = 0; k <= K; ++k) at[k] += done * steps[k];
        RunPiece(arguments, at, steps, std::min(kPiece, count - done));
      }
    });
    return OkStatus();
  }

 private:
  static constexpr std::int64_t kPiece = 1024;
  using Steps = typename StridedLoop<K + 1>::Steps;

  void RunPiece(const Arguments& arguments, const Steps& at, const Steps& steps,
                std::int64_t count) const {
    std::array<std::array<In, kPiece>, K> buffers;
    std::array<Out, kPiece> made;
    std::array<const In*, K> inputs;
    for (std::size_t k = 0; k < K; ++k) {
      inputs[k] = arguments.inputs[k].template as<const In>() + at[k + 1];
      if (steps[k + 1] == 1) continue;
      for (std::int64_t i = 0; i < count; ++i) {
        buffers[k][static_cast<std::size_t>(i)] = inputs[k][i * steps[k + 1]];
      }
      inputs[k] = buffers[k].data();
    }
    Out* const to = arguments.outputs[0].template as<Out>() + at[0];
    if (steps[0] == 1) return row_(inputs, to, count);
    row_(inputs, made.data(), count);
    for (std::int64_t i = 0; i < count; ++i) to[i * steps[0]] = made[static_cast<std::size_t>(i)];
  }

  Row row_;
  StridedLoop<K + 1> loop_;
};

template <class In, class Out, std::size_t K, class Row>
KernelPtr MakeByteMap(const KernelRequest& request, Row row) {
  return std::make_unique<ByteMap<In, Out, K, Row>>(request, std::move(row));
}

}  // namespace

KernelPtr Make(const op::Quantize& op, const KernelRequest& request) {
  const float inverse = 1.0F / op.scale;
  return MakeByteMap<float, std::uint8_t, 1>(
      request, [=](const auto& in, std::uint8_t* to, std::int64_t count) {
        BestQuantKernels().quantize(in[0], count, inverse, op.zero_point, to);
      });
}

KernelPtr Make(const op::Dequantize& op, const KernelRequest& request) {
  const QuantRange range{op.scale, op.zero_point, true};
  return MakeByteMap<std::uint8_t, float, 1>(
      request, [=](const auto& in, float* to, std::int64_t count) {
        BestQuantKernels().dequantize(in[0], count, range, to);
      });
}

KernelPtr Make(const op::QuantAdd& op, const KernelRequest& request) {
  return MakeByteMap<std::uint8_t, std::uint8_t, 2>(
      request, [=](const auto& in, std::uint8_t* to, std::int64_t count) {
        BestQuantKernels().add({in[0], in[1], op.a_scale, op.b_scale, op.offset}, count, to);
      });
}

}  // namespace fedge::portable
