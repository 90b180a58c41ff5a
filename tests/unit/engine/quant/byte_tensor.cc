#include "byte_tensor.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include <gtest/gtest.h>

#include "fedge/engine/aligned_buffer.h"
#include "fedge/engine/onednn/provider.h"
#include "fedge/engine/portable/provider.h"

namespace fedge::testing {
namespace {

std::int64_t Count(const Dims& dims) {
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) count *= dim;
  return count;
}

Dims StridesOf(const Dims& dims, bool channels_last) {
  Dims strides(dims.size());
  std::int64_t stride = 1;
  const bool last = channels_last && dims.size() >= 3;
  if (last) {
    strides[1] = 1;
    stride = dims[1];
  }
  for (std::size_t d = dims.size(); d-- > 0;) {
    if (last && d == 1) continue;
    strides[d] = stride;
    stride *= dims[d];
  }
  return strides;
}

std::int64_t Position(const Dims& dims, const Dims& strides, std::int64_t element) {
  std::int64_t position = 0;
  for (std::size_t d = dims.size(); d-- > 0;) {
    position += element % dims[d] * strides[d];
    element /= dims[d];
  }
  return position;
}

// A tensor as it lies in memory.
struct Stored {
  DType dtype;
  Dims dims, strides;
  std::vector<std::byte> bytes;

  Stored(DType type, const Dims& sizes, bool channels_last)
      : dtype(type),
        dims(sizes),
        strides(StridesOf(sizes, channels_last)),
        bytes(static_cast<std::size_t>(Count(sizes)) * DTypeSize(type), std::byte{0xee}) {}

  std::byte* At(std::int64_t i) {
    return bytes.data() + Position(dims, strides, i) * static_cast<std::int64_t>(DTypeSize(dtype));
  }
  void Write(const std::vector<float>& elements) {
    for (std::int64_t i = 0; i < Count(dims); ++i) {
      const float element = elements[static_cast<std::size_t>(i)];
      if (dtype == DType::kFloat32) {
        std::memcpy(At(i), &element, sizeof element);
      } else {
        *At(i) = static_cast<std::byte>(static_cast<int>(element));
      }
    }
  }
  std::vector<float> Read() {
    std::vector<float> elements(static_cast<std::size_t>(Count(dims)));
    for (std::int64_t i = 0; i < Count(dims); ++i) {
      float& element = elements[static_cast<std::size_t>(i)];
      if (dtype == DType::kFloat32) {
        std::memcpy(&element, At(i), sizeof element);
      } else {
        element = static_cast<float>(std::to_integer<int>(*At(i)));
      }
    }
    return elements;
  }
  TensorView view(bool data) { return {data ? bytes.data() : nullptr, dtype, dims, strides}; }
};

}  // namespace

ByteTensor ByteTensor::Rows(std::int64_t first, std::int64_t count) const {
  ByteTensor rows = *this;
  const auto row = size() / dims[0];
  rows.dims[0] = count;
  rows.elements.assign(elements.begin() + first * row, elements.begin() + (first + count) * row);
  return rows;
}

ByteTensor MakeTensor(DType dtype, Dims dims, std::vector<float> elements) {
  return {dtype, std::move(dims), std::move(elements)};
}

ByteTensor RandomBytes(DType dtype, Dims dims, int least, int largest, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> elements(static_cast<std::size_t>(Count(dims)));
  for (float& element : elements) {
    element = static_cast<float>(
        least + static_cast<int>(random() % static_cast<std::uint64_t>(largest - least + 1)));
  }
  return {dtype, std::move(dims), std::move(elements)};
}

ByteTensor RandomFloats(Dims dims, float least, float largest, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<float> distribution(least, largest);
  std::vector<float> elements(static_cast<std::size_t>(Count(dims)));
  for (float& element : elements) element = distribution(random);
  return {DType::kFloat32, std::move(dims), std::move(elements)};
}

ByteTensor Same(DType dtype, Dims dims, float element) {
  const auto count = static_cast<std::size_t>(Count(dims));
  return {dtype, std::move(dims), std::vector<float>(count, element)};
}

const KernelProvider& Portable() {
  static const auto provider = MakePortableProvider();
  return *provider;
}

const KernelProvider* OneDnn() {
  static const auto provider = MakeOneDnnProvider({});
  return provider.ok() ? provider->get() : nullptr;
}

std::optional<std::vector<float>> Run(const KernelProvider& provider, const ByteCase& test) {
  std::vector<std::optional<Stored>> inputs;
  std::vector<TensorView> made, views;
  for (const auto& input : test.inputs) {
    inputs.emplace_back();
    if (!input.has_value()) continue;
    inputs.back().emplace(input->dtype, input->dims, input->channels_last);
    inputs.back()->Write(input->elements);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    made.push_back(inputs[i] ? inputs[i]->view(test.constants && i > 0) : TensorView{});
    views.push_back(inputs[i] ? inputs[i]->view(true) : TensorView{});
  }
  Stored output(test.dtype, test.output, test.inputs[0]->channels_last);
  const TensorView output_made = output.view(false), output_view = output.view(true);
  const Node node{test.op, {}, {}, "", ""};
  const auto kernel = provider.Make({node, {}, made, {&output_made, 1}});
  if (kernel == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < views.size(); ++i) {
    if (!kernel->reads(i)) views[i].data = nullptr;
  }
  const auto scratch = internal::AllocateAligned(kernel->scratch_bytes());
  std::memset(scratch.get(), 0x7f, kernel->scratch_bytes());
  const Status status =
      kernel->Run({views, {&output_view, 1}, {scratch.get(), kernel->scratch_bytes()}});
  EXPECT_TRUE(status.ok()) << status.ToString();
  return output.Read();
}

namespace {

void ExpectSameBits(const std::vector<float>& actual, const std::vector<float>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(actual[i]), std::bit_cast<std::uint32_t>(expected[i]))
        << actual[i] << " instead of " << expected[i] << " at " << i << " of " << actual.size();
  }
}

}  // namespace

bool ExpectExactly(const ByteCase& test, const std::vector<float>& expected) {
  const auto portable = Run(Portable(), test);
  EXPECT_TRUE(portable.has_value());
  if (portable.has_value()) ExpectSameBits(*portable, expected);
  if (OneDnn() == nullptr) return false;
  const auto onednn = Run(*OneDnn(), test);
  if (!onednn.has_value()) return false;
  SCOPED_TRACE("oneDNN");
  ExpectSameBits(*onednn, expected);
  return true;
}

void ExpectRowsAlone(const ByteCase& test) {
  const std::int64_t rows = test.output[0];
  const auto cut = [&](std::int64_t first, std::int64_t count) {
    ByteCase part = test;
    part.inputs[0] = test.inputs[0]->Rows(first, count);
    part.output[0] = count;
    return part;
  };
  std::vector<float> alone;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto output = Run(Portable(), cut(row, 1));
    ASSERT_TRUE(output.has_value());
    alone.insert(alone.end(), output->begin(), output->end());
  }
  const std::int64_t size = static_cast<std::int64_t>(alone.size()) / rows;
  for (std::int64_t batch = 1; batch <= rows; batch = batch * 2 + 1) {
    SCOPED_TRACE(batch);
    ExpectExactly(cut(rows - batch, batch), {alone.end() - batch * size, alone.end()});
  }
}

}  // namespace fedge::testing
