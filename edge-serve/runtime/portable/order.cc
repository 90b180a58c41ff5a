#include <algorithm>

#include "fedge/engine/portable/along.h"
#include "fedge/engine/portable/scratch.h"
#include "fedge/engine/portable/staged.h"

// What finds the largest: argmax, topk.
namespace fedge::portable {
namespace {

// Whether a comes before b. NaN is larger than any number.
template <class T>
bool Precedes(T a, T b, bool largest) {
  if (a != a || b != b) return largest ? a != a && b == b : a == a && b != b;
  return largest ? a > b : a < b;
}

template <class T>
class ArgMaxKernel : public Kernel {
 public:
  ArgMaxKernel(const op::ArgMax& op, const KernelRequest& request)
      : smallest_(op.smallest), along_(request, op.dim, op.keep_dim) {}

  Status Run(const Arguments& arguments) const override {
    const T* const x = arguments.inputs[0].as<const T>();
    auto* const to = arguments.outputs[0].as<std::int64_t>();
    along_.ForEach([&](const auto& offsets) { to[offsets[0]] = IndexOf(x + offsets[1]); });
    return OkStatus();
  }

 private:
  // Of the first NaN, where there is one, for argmin as well.
  std::int64_t IndexOf(const T* x) const {
    std::int64_t best = 0;
    for (std::int64_t i = 0; i < along_.size(); ++i) {
      const T value = x[i * along_.step(1)];
      if (value != value) return i;
      if (Precedes(value, x[best * along_.step(1)], !smallest_)) best = i;
    }
    return best;
  }

  bool smallest_;
  AlongDim<2> along_;
};

template <class T>
class TopKKernel : public Kernel {
 public:
  TopKKernel(const op::TopK& op, const KernelRequest& request)
      : op_(op), along_(request, op.dim, true) {
    candidates_ = plan_.Add<Candidate>(along_.size());
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }

  Status Run(const Arguments& arguments) const override {
    const T* const x = arguments.inputs[0].as<const T>();
    T* const values = arguments.outputs[0].as<T>();
    auto* const indices = arguments.outputs[1].as<std::int64_t>();
    auto* const candidates = ScratchAt<Candidate>(arguments.scratch, candidates_);
    along_.ForEach([&](const auto& offsets) {
      for (std::int64_t i = 0; i < along_.size(); ++i) {
        candidates[i] = {x[offsets[2] + i * along_.step(2)], i};
      }
      Order(candidates);
      for (std::int64_t i = 0; i < op_.k; ++i) {
        values[offsets[0] + i * along_.step(0)] = candidates[i].value;
        indices[offsets[1] + i * along_.step(1)] = candidates[i].index;
      }
    });
    return OkStatus();
  }

 private:
  struct Candidate {
    T value;
    std::int64_t index;
  };

  void Order(Candidate* candidates) const {
    const auto before = [largest = op_.largest](const Candidate& a, const Candidate& b) {
      if (Precedes(a.value, b.value, largest)) return true;
      return !Precedes(b.value, a.value, largest) && a.index < b.index;
    };
    Candidate* const end = candidates + along_.size();
    if (op_.k < along_.size() / 2) {
      std::partial_sort(candidates, candidates + op_.k, end, before);
    } else {
      std::sort(candidates, end, before);
    }
  }

  op::TopK op_;
  AlongDim<3> along_;
  ScratchPlan plan_;
  std::size_t candidates_ = 0;
};

// Sums in double; integers wrap.
template <class T>
class CumSumKernel : public Kernel {
 public:
  CumSumKernel(const op::CumSum& op, const KernelRequest& request)
      : along_(request, op.dim, true) {}

  Status Run(const Arguments& arguments) const override {
    using Sum = std::conditional_t<std::floating_point<T>, double, std::uint64_t>;
    const T* const x = arguments.inputs[0].as<const T>();
    T* const to = arguments.outputs[0].as<T>();
    along_.ForEach([&](const auto& offsets) {
      Sum sum = 0;
      for (std::int64_t i = 0; i < along_.size(); ++i) {
        sum += static_cast<Sum>(x[offsets[1] + i * along_.step(1)]);
        to[offsets[0] + i * along_.step(0)] = static_cast<T>(sum);
      }
    });
    return OkStatus();
  }

 private:
  AlongDim<2> along_;
};

}  // namespace

KernelPtr Make(const op::ArgMax& op, const KernelRequest& request) {
  return MakeNumeric<ArgMaxKernel>(op, request);
}

KernelPtr Make(const op::TopK& op, const KernelRequest& request) {
  return MakeNumeric<TopKKernel>(op, request);
}

KernelPtr Make(const op::CumSum& op, const KernelRequest& request) {
  return MakeNumeric<CumSumKernel>(op, request);
}

}  // namespace fedge::portable
