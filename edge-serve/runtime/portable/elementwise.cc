#include "fedge/engine/portable/elementwise.h"

#include "fedge/engine/portable/unary.h"

namespace fedge::portable {
namespace {

// A tensor that is `value` everywhere: computed in double, which holds every integer of a program.
class FillKernel : public Kernel {
 public:
  FillKernel(double value, const TensorSpec& output)
      : value_(value), dtype_(output.dtype), loop_(output.dims, {output.strides}) {}

  Status Run(const Arguments& arguments) const override {
    const auto size = static_cast<std::int64_t>(DTypeSize(dtype_));
    loop_.ForEachRow([&](const auto& offsets, std::int64_t count, const auto& steps) {
      for (std::int64_t i = 0; i < count; ++i) {
        Store(&value_, 1, arguments.outputs[0].data + (offsets[0] + i * steps[0]) * size, dtype_,
              1);
      }
    });
    return OkStatus();
  }

 private:
  double value_;
  DType dtype_;
  StridedLoop<1> loop_;
};

}  // namespace

KernelPtr Make(const op::Unary& op, const KernelRequest& request) {
  return WithComputeType(request.inputs[0].dtype, [&]<class T>() -> KernelPtr {
    if (!SupportsUnary<T>(op.kind)) return nullptr;
    return MakeElementwise<T, 1>(
        request, [op](const std::array<const T*, 1>& in, T* out, std::int64_t count) {
          ApplyUnary(op, in[0], out, count);
          return true;
        });
  });
}

KernelPtr Make(const op::Where&, const KernelRequest& request) {
  return WithComputeType(request.outputs[0].dtype, [&]<class T>() {
    return MakeElementwise<T, 3>(request,
                                 [](const std::array<const T*, 3>& in, T* out, std::int64_t count) {
                                   for (std::int64_t i = 0; i < count; ++i)
                                     out[i] = in[0][i] != 0 ? in[1][i] : in[2][i];
                                   return true;
                                 });
  });
}

KernelPtr Make(const op::Cast&, const KernelRequest& request) {
  return WithComputeType(request.inputs[0].dtype, [&]<class T>() {
    return MakeElementwise<T, 1>(request,
                                 [](const std::array<const T*, 1>& in, T* out, std::int64_t count) {
                                   std::copy_n(in[0], count, out);
                                   return true;
                                 });
  });
}

KernelPtr Make(const op::Fill& op, const KernelRequest& request) {
  return std::make_unique<FillKernel>(op.value, TensorSpec(request.outputs[0]));
}

}  // namespace fedge::portable
