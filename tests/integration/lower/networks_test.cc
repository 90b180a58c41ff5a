// Networks of every family that Python wrote, scripted and traced: the program that they are
// lowered to, run by LibTorch's own operators, gives what the module gives.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>

#include "fedge/common/file.h"
#include "lowered.h"

namespace fedge {
namespace {

using testing::ExpectSame;
using testing::TestModule;

constexpr char kFolder[] = FEDGE_SOURCE_DIR "/tests/golden/networks/";

std::vector<std::string> Networks() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".pt") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

// Lines of NAME DTYPE N,3,8,8.
std::vector<LowerInput> ReadInputs(const std::string& name) {
  std::vector<LowerInput> inputs;
  std::ifstream file(kFolder + name + ".txt");
  std::string port;
  std::string dtype;
  std::string sizes;
  while (file >> port >> dtype >> sizes) {
    LowerInput input{.name = port, .dtype = DTypeFromName(dtype).value(), .shape = {}};
    std::istringstream words(sizes);
    for (std::string word; std::getline(words, word, ',');) {
      input.shape.push_back(word == "N" ? Dim(0, 1) : Dim(std::stoll(word)));
    }
    inputs.push_back(std::move(input));
  }
  return inputs;
}

class NetworkTest : public ::testing::TestWithParam<std::string> {};

TEST_P(NetworkTest, IsLoweredToTheSame) {
  TestModule model(ReadFile(kFolder + GetParam() + ".pt").value());
  ExpectSame(model, ReadInputs(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Python, NetworkTest, ::testing::ValuesIn(Networks()),
                         [](const auto& network) { return network.param; });

TEST(NetworksTest, ReferToTheArchivesOwnTensors) {
  TestModule model(ReadFile(std::string(kFolder) + "resnet.pt").value());
  const auto lowered = Lower(model.archive(), model.module(), ReadInputs("resnet"));
  ASSERT_TRUE(lowered.ok()) << lowered.status().ToString();
  EXPECT_EQ(lowered->constants.size(), 0u);
  for (const Value& value : lowered->program.values) {
    if (!value.constant.has_value()) continue;
    const TensorInfo* tensor = model.archive().FindTensor(value.name);
    ASSERT_NE(tensor, nullptr) << value.name;
    EXPECT_EQ(model.archive().storages()[tensor->storage].record, value.constant->record);
  }
}

TEST(NetworksTest, NodesSayWhereTheyComeFrom) {
  TestModule model(ReadFile(std::string(kFolder) + "shuffle.pt").value());
  const auto lowered = Lower(model.archive(), model.module(), ReadInputs("shuffle"));
  ASSERT_TRUE(lowered.ok()) << lowered.status().ToString();
  EXPECT_TRUE(std::ranges::any_of(lowered->program.nodes,
                                  [](const Node& node) {
                                    return node.name == "branch.0" &&
                                           node.source.starts_with("make_networks.py:");
                                  }))
      << lowered->program.nodes[1].name << " " << lowered->program.nodes[1].source;
}

}  // namespace
}  // namespace fedge
