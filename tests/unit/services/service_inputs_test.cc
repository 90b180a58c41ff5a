// The service fuzzer's corpus, and what a fixed generator makes of it, without a fuzzer: seeds and
// findings stay tested wherever the tests run. FEDGE_FUZZ_INPUTS sets how many mutations are tried.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/common/file.h"
#include "fedge/common/hash.h"
#include "fedge/common/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fedge::testing {
namespace {

void RunInput(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::vector<std::string> Corpus() {
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(FEDGE_SOURCE_DIR "/tests/fuzz/corpus/service")) {
    paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const std::string& path : paths) inputs.push_back(ReadFile(path).value());
  return inputs;
}

// A few bytes are changed, taken out or put in, and a part of another input follows.
std::string Mutated(std::string input, const std::string& other, Random& random) {
  for (std::uint64_t i = random.Below(6); i > 0 && !input.empty(); --i) {
    const std::size_t at = random.Below(input.size());
    switch (random.Below(4)) {
      case 0:
        input[at] = static_cast<char>(input[at] ^ (1 << random.Below(8)));
        break;
      case 1:
        input[at] = static_cast<char>(random.Below(256));
        break;
      case 2:
        input.erase(at, random.Below(4));
        break;
      default:
        input.insert(at, std::string(random.Below(4), static_cast<char>(random.Below(256))));
    }
  }
  return random.Below(2) == 0 ? input : input + other;
}

TEST(ServiceInputTest, TheCorpusLeavesTheCoordinatorAlive) {
  for (const std::string& input : Corpus()) RunInput(input);
}

TEST(ServiceInputTest, MutationsLeaveTheCoordinatorAlive) {
  const std::vector<std::string> corpus = Corpus();
  const char* asked = std::getenv("FEDGE_FUZZ_INPUTS");
  const int inputs = asked != nullptr ? std::atoi(asked) : 50;
  Random random(20'260);
  for (int i = 0; i < inputs; ++i) {
    const std::string& first = corpus[random.Below(corpus.size())];
    RunInput(Mutated(first, corpus[random.Below(corpus.size())], random));
  }
}

}  // namespace
}  // namespace fedge::testing
