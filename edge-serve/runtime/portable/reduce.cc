#include <algorithm>
#include <cmath>
#include <concepts>

#include "fedge/engine/portable/convert.h"
#include "fedge/engine/portable/kernels.h"
#include "fedge/engine/portable/strided.h"
#include "fedge/engine/portable/sum.h"

namespace fedge::portable {
namespace {

using Kind = op::Reduce::Kind;

// Floating-point numbers are accumulated in double; integers wrap.
template <class T>
using Accumulator = std::conditional_t<std::floating_point<T>, double, std::uint64_t>;

template <class T>
Accumulator<T> Start(Kind kind) {
  using A = Accumulator<T>;
  using Limits = std::numeric_limits<T>;
  switch (kind) {
    case Kind::kProd:
    case Kind::kAll:
      return A{1};
    case Kind::kMax:
      return static_cast<A>(Limits::has_infinity ? -Limits::infinity() : Limits::min());
    case Kind::kMin:
      return static_cast<A>(Limits::has_infinity ? Limits::infinity() : Limits::max());
    default:
      return A{0};
  }
}

// sums[i] takes values[i] in.
template <class T, class Fn>
void Fold(const T* values, std::int64_t count, Accumulator<T>* sums, Fn&& fn) {
  for (std::int64_t i = 0; i < count; ++i) {
    sums[i] = static_cast<Accumulator<T>>(fn(static_cast<T>(sums[i]), sums[i], values[i]));
  }
}

template <class T>
void FoldLanes(Kind kind, const T* values, std::int64_t count, Accumulator<T>* sums) {
  using A = Accumulator<T>;
  switch (kind) {
    case Kind::kProd:
      return Fold(values, count, sums, [](T, A sum, T x) { return sum * static_cast<A>(x); });
    case Kind::kMax:
      return Fold(values, count, sums, [](T best, A, T x) { return Largest(x, best); });
    case Kind::kMin:
      return Fold(values, count, sums, [](T best, A, T x) { return Smallest(x, best); });
    case Kind::kNorm1:
      return Fold(values, count, sums,
                  [](T, A sum, T x) { return sum + static_cast<A>(x < 0 ? -x : x); });
    case Kind::kNorm2:
      return Fold(values, count, sums,
                  [](T, A sum, T x) { return sum + static_cast<A>(x) * static_cast<A>(x); });
    case Kind::kAny:
      return Fold(values, count, sums, [](T, A sum, T x) { return sum != 0 || x != 0 ? 1 : 0; });
    case Kind::kAll:
      return Fold(values, count, sums, [](T, A sum, T x) { return sum != 0 && x != 0 ? 1 : 0; });
    default:
      return Fold(values, count, sums, [](T, A sum, T x) { return sum + static_cast<A>(x); });
  }
}

// One sum takes a whole row in.
template <class T>
void FoldRow(Kind kind, const T* values, std::int64_t count, Accumulator<T>& sum) {
  using A = Accumulator<T>;
  if (kind == Kind::kSum || kind == Kind::kMean) {
    sum += SumOf<A>(count, [=](std::int64_t i) { return static_cast<A>(values[i]); });
  } else if (kind == Kind::kMax) {
    sum = static_cast<A>(Largest(LargestOf(values, count), static_cast<T>(sum)));
  } else {
    for (std::int64_t i = 0; i < count; ++i) FoldLanes(kind, values + i, 1, &sum);
  }
}

template <class T>
class ReduceKernel : public Kernel {
 public:
  ReduceKernel(const op::Reduce& op, const KernelRequest& request)
      : kind_(op.kind), from_(request.inputs[0].dtype), to_(request.outputs[0].dtype) {
    const TensorSpec input(request.inputs[0]), output(request.outputs[0]);
    Dims kept, kept_from, kept_to, reduced, reduced_from;
    for (std::size_t d = 0; d < input.rank(); ++d) {
      if (std::find(op.dims.begin(), op.dims.end(), static_cast<std::int64_t>(d)) !=
          op.dims.end()) {
        reduced.push_back(input.dims[d]);
        reduced_from.push_back(input.strides[d]);
        size_ *= input.dims[d];
      } else {
        kept.push_back(input.dims[d]);
        kept_from.push_back(input.strides[d]);
        kept_to.push_back(output.strides[op.keep_dims ? d : kept_to.size()]);
      }
    }
    kept_ = StridedLoop<2>(kept, {kept_to, kept_from});
    reduced_ = StridedLoop<1>(reduced, {reduced_from});
    by_rows_ = reduced_.ends_contiguous();
  }

  Status Run(const Arguments& arguments) const override {
    kept_.ForEachRow([&](const auto& offsets, std::int64_t count, const auto& steps) {
      const std::int64_t most = by_rows_ ? 1 : kLanes;
      for (std::int64_t done = 0; done < count; done += most) {
        const std::int64_t lanes = std::min(most, count - done);
        ReduceLanes(Element(arguments.inputs[0].data, from_, offsets[1] + done * steps[1]),
                    steps[1], Element(arguments.outputs[0].data, to_, offsets[0] + done * steps[0]),
                    steps[0], lanes);
      }
    });
    return OkStatus();
  }

 private:
  static constexpr std::int64_t kLanes = 64;
  static constexpr std::int64_t kPiece = 256;
  using A = Accumulator<T>;

  static std::byte* Element(std::byte* data, DType dtype, std::int64_t index) {
    return data + index * static_cast<std::int64_t>(DTypeSize(dtype));
  }

  void ReduceLanes(std::byte* from, std::int64_t from_step, std::byte* to, std::int64_t to_step,
                   std::int64_t lanes) const {
    A sums[kLanes];
    T buffer[kPiece];
    std::fill_n(sums, lanes, Start<T>(kind_));
    reduced_.ForEachRow([&](const auto& offsets, std::int64_t count, const auto& steps) {
      if (by_rows_) {
        for (std::int64_t i = 0; i < count; i += kPiece) {
          const std::int64_t piece = std::min(kPiece, count - i);
          FoldRow(
              kind_,
              Read(Element(from, from_, offsets[0] + i * steps[0]), from_, steps[0], piece, buffer),
              piece, sums[0]);
        }
        return;
      }
      for (std::int64_t i = 0; i < count; ++i) {
        FoldLanes(
            kind_,
            Read(Element(from, from_, offsets[0] + i * steps[0]), from_, from_step, lanes, buffer),
            lanes, sums);
      }
    });
    for (std::int64_t i = 0; i < lanes; ++i) buffer[i] = Finish(sums[i]);
    Store(buffer, lanes, to, to_, to_step);
  }

  T Finish(A sum) const {
    if constexpr (std::floating_point<T>) {
      if (kind_ == Kind::kMean) return static_cast<T>(sum / static_cast<A>(size_));
      if (kind_ == Kind::kNorm2) return static_cast<T>(std::sqrt(sum));
    }
    return static_cast<T>(sum);
  }

  Kind kind_;
  DType from_, to_;
  std::int64_t size_ = 1;
  // Row by row where the numbers to be summed lie together, else several sums side by side: never
  // by how many sums there are, which would change their order with the batch.
  bool by_rows_ = false;
  StridedLoop<2> kept_;
  StridedLoop<1> reduced_;
};

}  // namespace

KernelPtr Make(const op::Reduce& op, const KernelRequest& request) {
  return WithComputeType(request.inputs[0].dtype, [&]<class T>() -> KernelPtr {
    return std::make_unique<ReduceKernel<T>>(op, request);
  });
}

}  // namespace fedge::portable
