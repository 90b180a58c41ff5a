#pragma once

#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/engine/context.h"
#include "fedge/engine/model.h"
#include "fedge/engine/passes/pass.h"
#include "fedge/engine/portable/provider.h"
#include "fedge/testing/program_builder.h"

namespace fedge::testing {

using Buffers = std::vector<std::vector<std::byte>>;

inline std::vector<std::string> AllPassNames() {
  std::vector<std::string> names;
  for (const auto& pass : fedge::internal::AllPasses()) names.emplace_back(pass.name);
  return names;
}

// A model over the portable kernels, and the file that it lies in.
class TestModel {
 public:
  explicit TestModel(const ProgramBuilder& builder, ModelOptions options = {})
      : file_(std::make_unique<std::string>(builder.File())) {
    if (options.providers.empty()) options.providers.push_back(MakePortableProvider());
    auto archive = Archive::FromBytes(AsBytes(*file_), "test.pt");
    FEDGE_CHECK(archive.ok());
    auto model = Model::Load(std::move(*archive), std::move(options));
    if (!model.ok()) {
      ADD_FAILURE() << model.status().ToString();
      return;
    }
    model_ = *model;
  }

  const std::shared_ptr<const Model>& get() const { return model_; }
  const Model* operator->() const { return model_.get(); }

 private:
  std::unique_ptr<std::string> file_;
  std::shared_ptr<const Model> model_;
};

inline std::size_t BytesAt(const ModelPort& port, std::int64_t batch) {
  std::size_t bytes = DTypeSize(port.dtype);
  for (const std::int64_t dim : At(port.shape, batch)) bytes *= static_cast<std::size_t>(dim);
  return bytes;
}

// Floats between -1 and 1, small integers.
inline Buffers RandomInputs(const Model& model, std::int64_t batch, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> distribution(-1, 1);
  Buffers buffers;
  for (const ModelPort& port : model.inputs()) {
    std::vector<std::byte> buffer(BytesAt(port, batch));
    for (std::size_t i = 0; i < buffer.size(); i += DTypeSize(port.dtype)) {
      const float number = distribution(random);
      const std::int64_t index = static_cast<std::int64_t>(random() % 3);
      const bool is_float = port.dtype == DType::kFloat32;
      std::memcpy(&buffer[i], is_float ? static_cast<const void*>(&number) : &index,
                  DTypeSize(port.dtype));
    }
    buffers.push_back(std::move(buffer));
  }
  return buffers;
}

inline Status RunContext(Context& context, std::int64_t batch, const Buffers& inputs,
                         Buffers& outputs) {
  std::vector<std::span<const std::byte>> in(inputs.begin(), inputs.end());
  std::vector<std::span<std::byte>> out;
  outputs.clear();
  for (const ModelPort& port : context.model().outputs()) {
    outputs.emplace_back(BytesAt(port, batch), std::byte{0xee});
  }
  for (auto& buffer : outputs) out.emplace_back(buffer);
  return context.Run(batch, in, out);
}

inline Buffers RunModel(const TestModel& model, std::int64_t batch, const Buffers& inputs) {
  Context context(model.get());
  Buffers outputs;
  const Status status = RunContext(context, batch, inputs, outputs);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return outputs;
}

inline std::vector<float> Floats(const std::vector<std::byte>& bytes) {
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::memcpy(floats.data(), bytes.data(), bytes.size());
  return floats;
}

// To `tolerance` of the largest magnitude.
inline void ExpectNear(const Buffers& actual, const Buffers& expected, float tolerance = 1e-5F) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t k = 0; k < actual.size(); ++k) {
    const auto a = Floats(actual[k]);
    const auto e = Floats(expected[k]);
    ASSERT_EQ(a.size(), e.size());
    float largest = 0;
    float difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      ASSERT_TRUE(std::isfinite(a[i]) && std::isfinite(e[i])) << "output " << k << " at " << i;
      largest = std::max(largest, std::abs(e[i]));
      difference = std::max(difference, std::abs(a[i] - e[i]));
    }
    EXPECT_LE(difference, tolerance * largest) << "output " << k;
  }
}

}  // namespace fedge::testing
