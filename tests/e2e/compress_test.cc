// The program compress: what it writes, what it refuses, and that Python's torch opens the result.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "fedge/archive/archive.h"
#include "fedge/archive/schema.h"
#include "fedge/common/file.h"
#include "fedge/common/hash.h"
#include "fedge/program/program_codec.h"
#include "fedge/program/samples.h"
#include "fedge/testing/process.h"
#include "fedge/testing/temp_directory.h"

namespace fedge {
namespace {

using testing::Finished;
using ::testing::HasSubstr;
using testing::RunProgram;
using testing::TempDirectory;

const std::string kNetworks = FEDGE_SOURCE_DIR "/tests/golden/networks/";

Finished Compress(const TempDirectory& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), FEDGE_BIN_DIR "/compress");
  return RunProgram(arguments, {folder.path(), "compress", {}, ""});
}

TEST(CompressTest, LowersACopyThatCarriesItsProgram) {
  const TempDirectory folder;
  const std::string input = kNetworks + "resnet.pt";
  const std::string before = ReadFile(input).value();
  const Finished finished =
      Compress(folder, {input, "--input", "1x3x32x32", "-o", folder.File("out.pt")});
  ASSERT_EQ(finished.status, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("layers.1.conv1"));
  EXPECT_EQ(ReadFile(input).value(), before);

  const Archive archive = Archive::Open(folder.File("out.pt")).value();
  EXPECT_TRUE(archive.Verify().ok());
  const auto program = ReadProgram(archive);
  ASSERT_TRUE(program.ok()) << program.status().ToString();
  EXPECT_EQ(ToString(program->values[program->inputs[0].value].shape), "[N, 3, 32, 32]");
  EXPECT_EQ(ReadSamples(archive).value().size(), 1u);
  const auto schema = ReadSchema(archive).value();
  ASSERT_TRUE(schema.has_value());
  EXPECT_EQ(schema->inputs[0].shape, (std::vector<std::int64_t>{-1, 3, 32, 32}));
  EXPECT_THAT(archive.ReadExtra(kProvenanceRecord).value(), HasSubstr("input_sha256"));
  const Archive original = Archive::Open(input).value();
  for (const RecordInfo& record : original.records()) {
    EXPECT_EQ(archive.ReadRecord(record.name).value(), original.ReadRecord(record.name).value());
  }
}

TEST(CompressTest, LowersItsOwnOutputWithoutBeingToldTheShape) {
  const TempDirectory folder;
  ASSERT_EQ(Compress(folder, {kNetworks + "mlp.pt", "--input", "1x4x4", "-o", folder.File("a.pt")})
                .status,
            0);
  const Finished again = Compress(folder, {"--fp16", folder.File("a.pt"), "--json"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("\"method\":\"fp16\""));
  EXPECT_TRUE(ReadProgram(Archive::Open(folder.File("a.fp16.pt")).value()).ok());
}

// Of a network of five scores; the answers do not matter.
std::string WriteRows(const TempDirectory& folder, int features) {
  std::string text;
  for (int row = 0; row < 40; ++row) {
    for (int column = 0; column < features; ++column)
      text += std::to_string(row * column % 7) + ",";
    text += std::to_string(row % 5) + "\n";
  }
  std::string header;
  for (int column = 0; column < features; ++column) header += "x" + std::to_string(column) + ",";
  const std::string path = folder.File("rows.csv");
  EXPECT_TRUE(
      WriteFileAtomically(PosixFileSystem(), path, AsBytes(header + "label\n" + text)).ok());
  return path;
}

TEST(CompressTest, TellsAccuracyAndMemoryAndTakesTheShapeFromTheData) {
  const TempDirectory folder;
  const Finished finished = Compress(folder, {kNetworks + "mlp.pt", "-o", folder.File("out.pt"),
                                              "--eval", WriteRows(folder, 16), "--json"});
  ASSERT_EQ(finished.status, 0) << finished.err;
  const auto schema = ReadSchema(Archive::Open(folder.File("out.pt")).value()).value();
  EXPECT_EQ(schema->inputs[0].shape, (std::vector<std::int64_t>{-1, 16}));
  rapidjson::Document report;
  report.Parse(finished.out.c_str());
  ASSERT_FALSE(report.HasParseError());
  ASSERT_EQ(report["accuracies"].Size(), 2u);
  EXPECT_EQ(report["accuracies"][1]["samples"].GetInt(), 40);
  EXPECT_EQ(report["accuracies"][0]["correct"], report["accuracies"][1]["correct"]);
  EXPECT_EQ(report["disagreements"].GetInt(), 0);
  ASSERT_EQ(report["memories"].Size(), 2u);
  for (const auto& memory : report["memories"].GetArray())
    EXPECT_GT(memory["peak_bytes"].GetInt64(), 100'000);
}

TEST(CompressTest, MeasuresInTheTypeAskedFor) {
  const TempDirectory folder;
  const Finished finished = Compress(folder, {kNetworks + "mlp.pt", "-o", folder.File("out.pt"),
                                              "--input", "1x16", "--compute", "bf16"});
  ASSERT_EQ(finished.status, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("edge engine in bfloat16"));
}

TEST(CompressTest, ADryRunProvesAndWritesNothing) {
  const TempDirectory folder;
  const Finished finished = Compress(folder, {kNetworks + "mlp.pt", "-o", folder.File("out.pt"),
                                              "--input", "1x16", "--dry-run", "--no-measure"});
  ASSERT_EQ(finished.status, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("differs from LibTorch by"));
  EXPECT_THAT(finished.out, HasSubstr("nothing was written"));
  EXPECT_FALSE(std::filesystem::exists(folder.File("out.pt")));
}

TEST(CompressTest, AKeywordMayNameAnInput) {
  const TempDirectory folder;
  const Finished finished =
      Compress(folder, {"--fp16", kNetworks + "mlp.pt", "--input", "class=1x16", "-o",
                        folder.File("out.pt"), "--no-measure"});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST(CompressTest, RefusesBeforeItWrites) {
  const TempDirectory folder;
  const std::string input = folder.File("model.pt");
  ASSERT_TRUE(
      WriteFileAtomically(PosixFileSystem(), input, AsBytes(ReadFile(kNetworks + "mlp.pt").value()))
          .ok());
  const std::string before = ReadFile(input).value();
  const auto expect = [&](std::vector<std::string> arguments, int status, const char* message) {
    const Finished finished = Compress(folder, std::move(arguments));
    EXPECT_EQ(finished.status, status);
    EXPECT_THAT(finished.err, HasSubstr(message));
  };
  expect({input}, 1, "--input 1x3x224x224");
  expect({input, "--input", "1x4x5"}, 1, "aten::linear");
  expect({input, "--input", "four"}, 2, "'four' is no size");
  expect({input, "--eval", "nothing"}, 2, "known: digits");
  expect({input, "--eval", "csv:not-there"}, 1, "not-there");
  expect({input, "--eval", "digits", "--input", "1x4x4"}, 1, "an example of 'digits'");
  expect({input, "--input", "1x4x4", "--classes", "a"}, 2, "--eval");
  expect({input, "--input", "1x4x4", "-o", input, "--force"}, 1, "is the input itself");
  expect({folder.File("none.pt")}, 1, "none.pt");
  expect({"--fp16", "--bf16", input}, 2, "give one");
  EXPECT_EQ(Compress(folder, {input, "--input", "1x4x4", "--dry-run"}).status, 0);
  EXPECT_EQ(PosixFileSystem().List(folder.path()).value(),
            (std::vector<std::string>{"compress.err", "compress.out", "model.pt"}));
  EXPECT_EQ(Compress(folder, {input, "--input", "1x4x4"}).status, 0);
  expect({input, "--input", "1x4x4"}, 1, "--force");
  EXPECT_EQ(Compress(folder, {input, "--input", "1x4x4", "--force"}).status, 0);
  EXPECT_EQ(ReadFile(input).value(), before);
}

TEST(CompressTest, HalvesInFewerBytesThanPromised) {
  const TempDirectory folder;
  for (const char* name : {"resnet", "mobilenet", "vit_mha"}) {
    const std::string output = folder.File(std::string(name) + ".pt");
    const Finished finished =
        Compress(folder, {"--fp16", kNetworks + name + ".pt", "-o", output, "--input",
                          name == std::string("resnet") ? "1x3x32x32" : "1x3x16x16"});
    ASSERT_EQ(finished.status, 0) << finished.err;
    std::uint64_t floats = 0;
    const Archive original = Archive::Open(kNetworks + name + ".pt").value();
    for (const StorageInfo& storage : original.storages()) {
      if (IsFloatingPoint(storage.dtype)) floats += storage.num_bytes();
    }
    EXPECT_LE(static_cast<double>(ReadFile(output).value().size()),
              0.51 * static_cast<double>(floats) + 48 * 1024);
  }
}

struct Case {
  const char* name;
  std::vector<std::string> inputs;
};
void PrintTo(const Case& network, std::ostream* out) { *out << network.name; }

// Python takes seconds to load torch: one of each family every time, all of them in the slow tests.
const Case kCases[] = {
    {"mobilenet", {"1x3x16x16"}},
    {"vit_mha", {"1x3x16x16"}},
    {"char_lstm", {"1x6:int64"}},
#ifdef FEDGE_ALL_NETWORKS
    {"lenet", {"1x1x16x16"}},
    {"mnist_cnn", {"1x1x16x16"}},
    {"resnet_traced", {"1x3x32x32"}},
    {"dense", {"1x3x8x8"}},
    {"squeeze_excite_traced", {"1x3x9x9"}},
    {"shuffle", {"1x8x6x6"}},
    {"vit_sdpa", {"1x3x16x16"}},
    {"encoder", {"1x5:int64"}},
    {"decoder", {"1x3x8", "1x4x6"}},
    {"bilstm_traced", {"1x5x4"}},
    {"gru", {"1x5x4"}},
    {"cells", {"1x3x4"}},
    {"unet", {"1x2x8x12"}},
    {"corners", {"1x2x5x6"}},
    {"signals", {"1x2x16"}},
    {"windows", {"1x3x4x4"}},
    {"in_place", {"1x4x3"}},
#endif
};

class CompressedFileTest : public ::testing::TestWithParam<Case> {};

TEST_P(CompressedFileTest, RunsInPythonWithTheSameNumbers) {
  const TempDirectory folder;
  const testing::Process::Options options{
      folder.path(), "python", {std::string("PYTHONPATH=") + FEDGE_PYTHON_TORCH}, ""};
  if (RunProgram({FEDGE_PYTHON, "-c", "import torch"}, options).status != 0) {
    GTEST_SKIP() << "python3 has no torch";
  }
  const std::string input = kNetworks + GetParam().name + ".pt";
  for (const auto& [method, tolerance] :
       {std::pair("", "1e-6"), std::pair("--fp16", "1e-2"), std::pair("--bf16", "8e-2")}) {
    std::vector<std::string> arguments = {input, "-o", folder.File("out.pt"), "--force",
                                          "--no-measure"};
    if (*method != '\0') arguments.emplace_back(method);
    std::vector<std::string> compare = {FEDGE_PYTHON,
                                        FEDGE_SOURCE_DIR "/tests/e2e/compare_models.py", input,
                                        folder.File("out.pt"), tolerance};
    for (const std::string& shape : GetParam().inputs) {
      arguments.insert(arguments.end(), {"--input", shape});
      compare.push_back(shape);
    }
    const Finished finished = Compress(folder, arguments);
    ASSERT_EQ(finished.status, 0) << method << finished.err;
    const Finished compared = RunProgram(compare, options);
    EXPECT_EQ(compared.status, 0) << method << compared.out << compared.err;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, CompressedFileTest, ::testing::ValuesIn(kCases),
                         [](const auto& network) { return std::string(network.param.name); });

}  // namespace
}  // namespace fedge
