#include "kernel_check.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "fedge/common/check.h"
#include "fedge/engine/aligned_buffer.h"
#include "fedge/engine/portable/provider.h"
#include "fedge/engine/providers.h"

namespace fedge::testing {
namespace {

Dims StridesOf(const Dims& dims, Lies lies) {
  const bool last = lies != Lies::kRowMajor && lies != Lies::kRowMajorInGap && dims.size() >= 3;
  std::vector<std::size_t> order;  // innermost first
  if (last) order.push_back(1);
  for (std::size_t d = dims.size(); d-- > 0;) {
    if (!last || d != 1) order.push_back(d);
  }
  Dims strides(dims.size());
  std::int64_t stride = 1;
  for (const std::size_t d : order) {
    const bool innermost = d == order[0];
    if (lies == Lies::kBatchGap && d == 0) stride += 16;
    strides[d] = stride;
    stride *= dims[d];
    if (innermost && (lies == Lies::kChannelGap || lies == Lies::kRowMajorInGap)) stride += 8;
  }
  return strides;
}

float FromBFloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t ToBFloat16(float value) {  // to nearest even; no NaN here
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace

Tensor::Tensor(Dims dims, Lies lies, std::uint64_t seed, DType dtype)
    : dtype_(dtype), dims_(std::move(dims)), strides_(StridesOf(dims_, lies)), lies_(lies) {
  std::size_t extent = 1;
  std::size_t count = 1;
  for (std::size_t d = 0; d < dims_.size(); ++d) {
    extent += static_cast<std::size_t>((dims_[d] - 1) * strides_[d]);
    count *= static_cast<std::size_t>(dims_[d]);
  }
  storage_.resize(extent * DTypeSize(dtype));
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<float> distribution(-1, 1);
  std::vector<float> elements(count);
  for (float& element : elements) element = distribution(random);
  Write(elements);
}

TensorView Tensor::view(bool with_data) {
  return {with_data ? storage_.data() : nullptr, dtype_, dims_, strides_};
}

std::size_t Tensor::Position(std::size_t element) const {
  std::int64_t position = 0;
  for (std::size_t d = dims_.size(); d-- > 0;) {
    const auto size = static_cast<std::size_t>(dims_[d]);
    position += static_cast<std::int64_t>(element % size) * strides_[d];
    element /= size;
  }
  return static_cast<std::size_t>(position) * DTypeSize(dtype_);
}

std::vector<float> Tensor::Read() const {
  std::size_t count = 1;
  for (const std::int64_t dim : dims_) count *= static_cast<std::size_t>(dim);
  std::vector<float> elements(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (dtype_ == DType::kFloat32) {
      std::memcpy(&elements[i], &storage_[Position(i)], sizeof(float));
    } else {
      std::uint16_t bits = 0;
      std::memcpy(&bits, &storage_[Position(i)], sizeof(bits));
      elements[i] = FromBFloat16(bits);
    }
  }
  return elements;
}

void Tensor::Write(const std::vector<float>& elements) {
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (dtype_ == DType::kFloat32) {
      std::memcpy(&storage_[Position(i)], &elements[i], sizeof(float));
    } else {
      const std::uint16_t bits = ToBFloat16(elements[i]);
      std::memcpy(&storage_[Position(i)], &bits, sizeof(bits));
    }
  }
}

Tensor Tensor::Rows(std::int64_t first, std::int64_t count) const {
  Dims dims = dims_;
  dims[0] = count;
  const auto elements = Read();
  const auto row = static_cast<std::ptrdiff_t>(elements.size()) / dims_[0];
  Tensor rows(dims, lies_, 1, dtype_);
  rows.Write({elements.begin() + first * row, elements.begin() + (first + count) * row});
  return rows;
}

Tensor Tensor::As(DType dtype) const {
  Tensor cast(dims_, lies_, 1, dtype);
  cast.Write(Read());
  return cast;
}

std::shared_ptr<const KernelProvider> OneDnn() {
  static const auto provider = MakeOneDnnProvider({.small_linear_bytes = 0});
  return provider.ok() ? *provider : nullptr;
}

std::optional<Tensor> RunKernel(const KernelProvider& provider, KernelCase test) {
  const Node node{test.op, {}, {}, "", ""};
  std::vector<TensorView> made, views;
  for (std::size_t i = 0; i < test.inputs.size(); ++i) {
    auto& input = test.inputs[i];
    const bool known = i < test.constant.size() && test.constant[i];
    made.push_back(input ? input->view(known) : TensorView{});
    views.push_back(input ? input->view() : TensorView{});
  }
  Tensor output(test.output, test.output_lies, 99, test.dtype);
  const TensorView output_made = output.view(false), output_view = output.view();
  const auto kernel = provider.Make({node, test.post_ops, made, {&output_made, 1}});
  if (kernel == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < views.size(); ++i) {
    if (!kernel->reads(i)) views[i].data = nullptr;
  }
  const auto scratch = internal::AllocateAligned(kernel->scratch_bytes());
  std::memset(scratch.get(), 0x7f, kernel->scratch_bytes());
  const Status status =
      kernel->Run({views, {&output_view, 1}, {scratch.get(), kernel->scratch_bytes()}});
  EXPECT_TRUE(status.ok()) << status.ToString();
  return output;
}

float Difference(const Tensor& actual, const Tensor& expected) {
  const auto a = actual.Read();
  const auto e = expected.Read();
  FEDGE_CHECK(a.size() == e.size());
  float largest = 0;
  float difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i])) return INFINITY;
    largest = std::max(largest, std::abs(e[i]));
    difference = std::max(difference, std::abs(a[i] - e[i]));
  }
  return difference == 0 ? 0 : difference / largest;
}

void ExpectPortable(const KernelCase& test, float tolerance) {
  const auto actual = RunKernel(*OneDnn(), test);
  const auto expected = RunKernel(*MakePortableProvider(), test);
  ASSERT_TRUE(expected.has_value());
  ASSERT_TRUE(actual.has_value()) << "oneDNN does not take it";
  EXPECT_LE(Difference(*actual, *expected), tolerance);
}

void ExpectRowsAlone(const KernelProvider& provider, const KernelCase& test,
                     const std::vector<std::size_t>& batched) {
  const auto cut = [&](std::int64_t first, std::int64_t count) {
    KernelCase part = test;
    for (const std::size_t i : batched) part.inputs[i] = test.inputs[i]->Rows(first, count);
    part.output[0] = count;
    return RunKernel(provider, part);
  };
  std::vector<std::vector<float>> alone;
  for (std::int64_t row = 0; row < test.output[0]; ++row) {
    const auto output = cut(row, 1);
    ASSERT_TRUE(output.has_value());
    alone.push_back(output->Read());
  }
  for (const std::int64_t batch : {1, 2, 3, 5, 8, 17, 31, 32, 33, 70}) {
    if (batch > test.output[0]) break;
    const auto output = cut(test.output[0] - batch, batch);
    ASSERT_TRUE(output.has_value());
    const auto rows = output->Read();
    for (std::int64_t row = 0; row < batch; ++row) {
      const auto& expected = alone[static_cast<std::size_t>(test.output[0] - batch + row)];
      ASSERT_EQ(std::memcmp(&rows[static_cast<std::size_t>(row) * expected.size()], expected.data(),
                            expected.size() * sizeof(float)),
                0)
          << "row " << row << " of " << batch;
    }
  }
}

}  // namespace fedge::testing
