#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace fedge::testing {

inline std::string GoldenFolder() {
  return std::string(FEDGE_SOURCE_DIR) + "/tests/golden/archive";
}

// The archives that have a companion file with this extension, sorted.
inline std::vector<std::string> GoldenFiles(const std::string& companion) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(GoldenFolder())) {
    auto path = entry.path();
    if (path.extension() == companion) files.push_back(path.replace_extension(".pt").string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The name of a test for a golden file: torch_2_13_mlp.
inline std::string GoldenName(const ::testing::TestParamInfo<std::string>& file) {
  const std::filesystem::path path(file.param);
  std::string name = path.parent_path().filename().string() + "_" + path.stem().string();
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

inline std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace fedge::testing
