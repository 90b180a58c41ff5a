// The files in tests/golden/archive, written by several versions of torch, against what torch says
// is in them.
#include "golden.h"

#include <array>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"
#include "fedge/common/hash.h"

namespace fedge {
namespace {

using ::fedge::testing::GoldenFiles;
using ::fedge::testing::ReadText;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

std::string Numbers(const std::vector<std::int64_t>& numbers) {
  return numbers.empty() ? "-" : fmt::format("{}", fmt::join(numbers, ","));
}

// The elements of a view in row-major order.
std::string RowMajor(const Archive& archive, const TensorInfo& tensor) {
  const auto storage = archive.StorageBytes(tensor.storage);
  EXPECT_TRUE(storage.ok()) << storage.status().ToString();
  const std::size_t size = DTypeSize(tensor.dtype);
  std::string out;
  std::vector<std::int64_t> index(tensor.shape.size(), 0);
  for (std::uint64_t i = 0; i < tensor.num_elements(); ++i) {
    std::uint64_t at = tensor.storage_offset;
    for (std::size_t d = 0; d < index.size(); ++d)
      at += static_cast<std::uint64_t>(index[d] * tensor.strides[d]);
    const auto element = storage->subspan(at * size, size);
    out.append(reinterpret_cast<const char*>(element.data()), size);
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < tensor.shape[d]) break;
      index[d] = 0;
    }
  }
  return out;
}

// A tensor as the generating script writes it.
std::string Line(const Archive& archive, const TensorInfo& tensor) {
  static constexpr std::array<const char*, 3> kKinds = {"parameter", "buffer", "attribute"};
  return fmt::format("{} {} {} {} {} {} {:08x}", tensor.name,
                     kKinds[static_cast<std::size_t>(tensor.kind)], DTypeName(tensor.dtype),
                     Numbers(tensor.shape), Numbers(tensor.strides), tensor.requires_grad ? 1 : 0,
                     Crc32(AsBytes(RowMajor(archive, tensor))));
}

class GoldenTest : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, HoldsWhatTorchSays) {
  const auto archive = Archive::Open(GetParam());
  ASSERT_TRUE(archive.ok()) << archive.status().ToString();
  EXPECT_TRUE(archive->Verify().ok());
  std::vector<std::string> expected;
  std::istringstream text(ReadText(std::filesystem::path(GetParam()).replace_extension(".txt")));
  for (std::string line; std::getline(text, line);) expected.push_back(line);
  std::vector<std::string> actual;
  for (const TensorInfo& tensor : archive->tensors()) {
    actual.push_back(Line(*archive, tensor));
    EXPECT_EQ(archive->FindTensor(tensor.name), &tensor);
  }
  EXPECT_THAT(actual, UnorderedElementsAreArray(expected));
}

TEST_P(GoldenTest, IsTheSameWhenItsBytesAreGiven) {
  const auto mapped = Archive::Open(GetParam());
  ASSERT_TRUE(mapped.ok());
  const auto given = Archive::FromBytes(mapped->bytes(), "given");
  ASSERT_TRUE(given.ok());
  EXPECT_EQ(given->is_module(), mapped->is_module());
  ASSERT_EQ(given->tensors().size(), mapped->tensors().size());
  const auto first = BuildManifest(*mapped);
  const auto second = BuildManifest(*given);
  ASSERT_EQ(first.ok(), second.ok());
  if (first.ok()) {
    EXPECT_EQ(first->structure, second->structure);
  }
}

INSTANTIATE_TEST_SUITE_P(All, GoldenTest, ::testing::ValuesIn(GoldenFiles(".txt")),
                         fedge::testing::GoldenName);

class RejectedGoldenTest : public ::testing::TestWithParam<std::string> {};

TEST_P(RejectedGoldenTest, IsRefusedWithItsName) {
  const auto archive = Archive::Open(GetParam());
  ASSERT_FALSE(archive.ok());
  std::string expected = ReadText(std::filesystem::path(GetParam()).replace_extension(".reject"));
  expected.erase(expected.find_last_not_of('\n') + 1);
  EXPECT_THAT(archive.status().message(), HasSubstr(expected));
  EXPECT_THAT(archive.status().message(), HasSubstr(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, RejectedGoldenTest, ::testing::ValuesIn(GoldenFiles(".reject")),
                         fedge::testing::GoldenName);

TEST(GoldenTest, FilesOfEveryWriterAreThere) {
  std::map<std::string, int> folders;
  for (const std::string& file : GoldenFiles(".txt")) {
    ++folders[std::filesystem::path(file).parent_path().filename().string()];
  }
  for (const char* folder :
       {"torch-1.13", "torch-2.0", "torch-2.1", "torch-2.13", "libtorch-2.13"}) {
    EXPECT_GT(folders[folder], 0) << folder;
  }
}

}  // namespace
}  // namespace fedge
