// Models that `compress` wrote, in the portable kernels: they answer what LibTorch answered where
// the models were made, on machines without LibTorch too, and with the same bytes.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>

#include "engine_fixture.h"
#include "fedge/common/hash.h"
#include "fedge/program/samples.h"

namespace fedge {
namespace {

using testing::Buffers;

constexpr char kFolder[] = FEDGE_SOURCE_DIR "/tests/golden/programs/";

std::vector<std::string> Programs() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".pt") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

std::map<std::string, std::string> RecordedDigests() {
  std::map<std::string, std::string> digests;
  std::ifstream file(std::string(kFolder) + "digests.txt");
  std::string name;
  for (std::string digest; file >> digest >> name;) digests[name] = digest;
  return digests;
}

bool HasFusedMultiplyAdd() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

template <class T>
std::vector<double> Numbers(std::span<const std::byte> bytes) {
  std::vector<T> numbers(bytes.size() / sizeof(T));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return {numbers.begin(), numbers.end()};
}

std::vector<double> Numbers(DType dtype, std::span<const std::byte> bytes) {
  if (dtype == DType::kInt64) return Numbers<std::int64_t>(bytes);
  EXPECT_EQ(dtype, DType::kFloat32);
  return Numbers<float>(bytes);
}

// Relative to the largest magnitude that is expected.
double Difference(const SampleTensor& expected, std::span<const std::byte> actual) {
  const auto want = Numbers(expected.dtype, AsBytes(expected.data));
  const auto got = Numbers(expected.dtype, actual);
  if (want.size() != got.size()) return std::numeric_limits<double>::infinity();
  double largest = std::numeric_limits<double>::min();
  double difference = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (!std::isfinite(got[i])) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::abs(want[i]));
    difference = std::max(difference, std::abs(want[i] - got[i]));
  }
  return difference / largest;
}

class GoldenProgramTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string path = kFolder + GetParam() + ".pt";
    const auto archive = Archive::Open(path);
    ASSERT_TRUE(archive.ok()) << archive.status().ToString();
    const auto samples = ReadSamples(*archive);
    ASSERT_TRUE(samples.ok()) << samples.status().ToString();
    ASSERT_EQ(samples->size(), 1u);
    sample_ = samples->front();
    const auto model = Model::Load(
        path, {.providers = {MakePortableProvider()}, .compute = ComputeType::kFloat32});
    ASSERT_TRUE(model.ok()) << model.status().ToString();
    Run(*model);
  }

  Sample sample_;
  Buffers answers_;

 private:
  void Run(const std::shared_ptr<const Model>& model) {
    std::vector<Dims> shapes;
    Buffers inputs;
    for (const SampleTensor& input : sample_.inputs) {
      shapes.push_back(input.shape);
      const auto bytes = AsBytes(input.data);
      inputs.emplace_back(bytes.begin(), bytes.end());
    }
    const auto batch = model->BatchOf(shapes);
    ASSERT_TRUE(batch.ok()) << batch.status().ToString();
    Context context(model);
    const Status status = testing::RunContext(context, *batch, inputs, answers_);
    ASSERT_TRUE(status.ok()) << status.ToString();
    ASSERT_EQ(answers_.size(), sample_.outputs.size());
  }
};

TEST_P(GoldenProgramTest, AnswersWhatLibTorchAnswered) {
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    EXPECT_LE(Difference(sample_.outputs[i], answers_[i]), sample_.tolerance)
        << sample_.outputs[i].name;
  }
}

TEST_P(GoldenProgramTest, AnswersTheSameBytesOnEveryMachine) {
  if (!HasFusedMultiplyAdd()) GTEST_SKIP() << "products are rounded before they are added here";
  Sha256 hash;
  for (const auto& answer : answers_) hash.Update(answer);
  EXPECT_EQ(hash.Finish().Hex(), RecordedDigests()[GetParam()]) << "see README.md beside it";
}

INSTANTIATE_TEST_SUITE_P(Compressed, GoldenProgramTest, ::testing::ValuesIn(Programs()),
                         [](const auto& program) { return program.param; });

}  // namespace
}  // namespace fedge
