// Models that Python's torch.jit.save wrote are trained here, added up into a new file, and read
// back: by Archive, by LibTorch, and, where python3 can import torch, by Python, which repeats the
// training in a few lines of its own.
#include <cstdlib>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/archive/archive_writer.h"
#include "fedge/common/file.h"
#include "fedge/learn/architectures.h"
#include "fedge/testing/process.h"
#include "fedge/testing/temp_directory.h"
#include "learn_test_support.h"

namespace fedge {
namespace {

using testing::FirstIndices;
using testing::MakeLearner;
using testing::MemoryDataset;
using testing::MustTrain;
using testing::TempDirectory;
using testing::TestModel;

constexpr char kGolden[] = FEDGE_SOURCE_DIR "/tests/golden/archive/";

struct Case {
  std::string file;  // below kGolden
  std::size_t count;
  std::vector<std::int64_t> feature_shape;
  std::vector<std::int64_t> target_shape;
  bool repeatable = true;  // draws nothing, so that Python gets the same weights

  friend void PrintTo(const Case& self, std::ostream* out) { *out << self.file; }
};

const Case kCases[] = {
    {"torch-2.13/mlp.pt", 6, {4}, {2}},
    {"torch-2.1/mlp.pt", 6, {4}, {2}},
    {"torch-1.13/mlp.pt", 6, {4}, {2}},
    {"torch-2.13/traced.pt", 6, {2}, {2}},
    {"torch-2.13/views.pt", 6, {3}, {4}},
    {"torch-1.13/views.pt", 6, {3}, {4}},
    {"torch-2.13/attributes.pt", 6, {2}, {2}},
    {"torch-2.13/lstm.pt", 1, {3, 2}, {3, 3}},
    {"torch-1.13/lstm.pt", 1, {3, 2}, {3, 3}},
    {"torch-2.13/convnet.pt", 6, {1, 5, 5}, {2, 3, 3}, false},
    {"torch-1.13/convnet.pt", 6, {1, 5, 5}, {2, 3, 3}, false},
};
const TrainConfig kConfig{.epochs = 3, .batch_size = 0, .learning_rate = 0.05, .momentum = 0.5};

std::string Read(const std::string& path) { return ReadFile(path).value(); }

// Numbers that train_again.py makes as well.
std::shared_ptr<MemoryDataset> MakeData(const Case& test) {
  auto dataset = std::make_shared<MemoryDataset>();
  dataset->description.name = test.file;
  dataset->description.feature_shape = test.feature_shape;
  dataset->description.target_type = data::TargetType::kReal;
  dataset->description.target_shape = test.target_shape;
  for (std::size_t i = 0; i < test.count * dataset->description.feature_size(); ++i) {
    dataset->features.push_back((static_cast<float>(i * 7 % 16) - 8) / 8);
  }
  for (std::size_t i = 0; i < test.count * dataset->description.target_size(); ++i) {
    dataset->reals.push_back((static_cast<float>(i * 5 % 8) - 4) / 4);
  }
  return dataset;
}

template <typename T>
void AddElements(std::span<const std::byte> delta, std::span<std::byte> value) {
  for (std::size_t i = 0; i + sizeof(T) <= value.size(); i += sizeof(T)) {
    T a;
    T b;
    std::memcpy(&a, value.data() + i, sizeof(T));
    std::memcpy(&b, delta.data() + i, sizeof(T));
    a += b;
    std::memcpy(value.data() + i, &a, sizeof(T));
  }
}

// The one-client federated average: a copy of the model with the update added.
void WriteTrained(const TestModel& model, std::span<const std::byte> update,
                  const std::string& path) {
  ArchiveWriter::Options options;
  for (const ManifestEntry& entry : model.manifest().entries)
    options.replaced_storages.push_back(entry.storage);
  ArchiveWriter writer =
      ArchiveWriter::Create(model.archive(), PosixFileSystem(), path, options).value();
  for (const ManifestEntry& entry : model.manifest().entries) {
    const std::span<const std::byte> base = model.archive().StorageBytes(entry.storage).value();
    const std::span<const std::byte> delta =
        update.subspan(entry.payload_offset, entry.num_bytes());
    std::vector<std::byte> bytes(base.begin(), base.end());
    if (entry.rule == MergeRule::kAverageDelta) {
      ASSERT_EQ(entry.dtype, DType::kFloat32) << entry.tensor;
      AddElements<float>(delta, bytes);
    } else {
      bytes.assign(delta.begin(), delta.end());
    }
    ASSERT_TRUE(writer.WriteStorage(entry.storage, 0, bytes).ok());
  }
  ASSERT_TRUE(writer.Finish().ok());
}

std::string CaseName(const ::testing::TestParamInfo<Case>& info) {
  std::string name = info.param.file.substr(0, info.param.file.size() - 3);
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

class TrainedFileTest : public ::testing::TestWithParam<Case> {};

TEST_P(TrainedFileTest, ReadsBackAsTrained) {
  const TempDirectory folder;
  const TestModel model(Read(kGolden + GetParam().file));
  const auto learner = MakeLearner(MakeData(GetParam()));
  const Learned learned = MustTrain(*learner, model, kConfig);
  WriteTrained(model, learned.update, folder.File("trained.pt"));

  const TestModel trained(Read(folder.File("trained.pt")));
  EXPECT_TRUE(trained.archive().Verify().ok());
  EXPECT_EQ(trained.manifest().structure, model.manifest().structure);
  // By this learner, which takes the weights on in place, and by one that loads the file.
  const std::vector<std::uint32_t> all = FirstIndices(GetParam().count);
  const double loss = learner->Evaluate(trained.view(), all, {}).value().loss;
  EXPECT_NEAR(loss, learned.result.after.loss, 1e-5 * learned.result.after.loss);
  EXPECT_EQ(MakeLearner(MakeData(GetParam()))->Evaluate(trained.view(), all, {}).value().loss,
            loss);
  EXPECT_NE(loss, learned.result.before.loss);
  EXPECT_EQ(learner->Evaluate(model.view(), all, {}).value().loss, learned.result.before.loss);
}

TEST_P(TrainedFileTest, TrainsTheSameAfterOtherModels) {
  const TestModel model(Read(kGolden + GetParam().file));
  const auto dataset = MakeData(GetParam());
  const auto learner = MakeLearner(dataset);
  const std::vector<std::byte> update = MustTrain(*learner, model, kConfig).update;
  EXPECT_EQ(MustTrain(*learner, model, kConfig).update, update);
  EXPECT_NE(MustTrain(*learner, model, {.epochs = 2, .batch_size = 0, .learning_rate = 0.5}).update,
            update);
  EXPECT_EQ(MustTrain(*learner, model, kConfig).update, update);
  EXPECT_EQ(MustTrain(*MakeLearner(dataset), model, kConfig).update, update);
}

std::string Join(const std::vector<std::int64_t>& sizes) {
  std::string text;
  for (const std::int64_t size : sizes) text += (text.empty() ? "" : ",") + std::to_string(size);
  return text;
}

TEST_P(TrainedFileTest, PythonTrainsTheSameWeights) {
  const TempDirectory folder;
  const std::vector<std::string> environment = {std::string("PYTHONPATH=") + FEDGE_PYTHON_TORCH};
  const testing::Process::Options options{folder.path(), "python", environment, ""};
  if (RunProgram({FEDGE_PYTHON, "-c", "import torch"}, options).status != 0)
    GTEST_SKIP() << "python3 has no torch";
  const TestModel model(Read(kGolden + GetParam().file));
  WriteTrained(model, MustTrain(*MakeLearner(MakeData(GetParam())), model, kConfig).update,
               folder.File("trained.pt"));
  const testing::Finished finished =
      RunProgram({FEDGE_PYTHON, FEDGE_SOURCE_DIR "/tests/integration/train_again.py",
                  kGolden + GetParam().file, folder.File("trained.pt"),
                  std::to_string(GetParam().count), Join(GetParam().feature_shape),
                  Join(GetParam().target_shape), GetParam().repeatable ? "repeat" : "open"},
                 options);
  EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
}

INSTANTIATE_TEST_SUITE_P(Python, TrainedFileTest, ::testing::ValuesIn(kCases), CaseName);

TEST(NewModelFilesTest, OpenInPython) {
  const TempDirectory folder;
  const testing::Process::Options options{
      folder.path(), "python", {std::string("PYTHONPATH=") + FEDGE_PYTHON_TORCH}, ""};
  if (RunProgram({FEDGE_PYTHON, "-c", "import torch"}, options).status != 0)
    GTEST_SKIP() << "python3 has no torch";
  std::string script = "import torch\n";
  const std::pair<const char*, const char*> inputs[] = {
      {"2nn", "torch.zeros(2, 1, 28, 28)"},
      {"cnn", "torch.zeros(2, 784)"},
      {"lenet5", "torch.zeros(2, 1, 28, 28)"},
      {"lenet300", "torch.zeros(2, 784)"},
      {"resnet20", "torch.zeros(2, 3, 32, 32)"},
      {"char-lstm:7", "torch.zeros(2, 5, dtype=torch.int64)"},
      {"mlp:6,5,4", "torch.zeros(2, 6)"}};
  for (const auto& [name, input] : inputs) {
    const std::string path = folder.File(std::string(name) + ".pt");
    ASSERT_TRUE(
        WriteFileAtomically(PosixFileSystem(), path, AsBytes(NewModel(name, 1).value())).ok());
    script += "m = torch.jit.load('" + path +
              "')\nassert m.training and all(p.requires_grad for p in m.parameters())\n" +
              "y = m(" + input +
              ")\nassert y.shape[0] == 2 and y.requires_grad\nm.eval()\nassert not m.training\n";
  }
  const testing::Finished finished = RunProgram({FEDGE_PYTHON, "-c", script}, options);
  EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
}

}  // namespace
}  // namespace fedge
