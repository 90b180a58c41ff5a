#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "fedge/common/hash.h"
#include "fedge/data/formats/csv_classes.h"
#include "fedge/data/formats/csv_table.h"
#include "fedge/data/formats/tensor_pair.h"
#include "test_files.h"

// Every byte of a good file changed, and every length of it: an error, or a data set that is whole.
namespace fedge::data {
namespace {

std::string ReadPair(const std::string& name) {
  std::ifstream file(FEDGE_SOURCE_DIR "/tests/unit/data/pairs/" + name + ".pt", std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

// Whether the bytes were taken for a pair; then every row of it is gathered.
bool GatherPair(std::string_view bytes) {
  auto archive = Archive::FromBytes(AsBytes(bytes), "f.pt");
  if (!archive.ok()) return false;
  DatasetOptions options;
  options.max_bytes = 1 << 20;
  auto table = ReadTensorPair(std::make_shared<const Archive>(std::move(*archive)), options);
  if (!table.ok()) return false;
  const auto dataset = MakeDenseDataset(*table);
  if (!dataset.ok()) return false;
  const bool tokens = (*dataset)->info().feature_type == FeatureType::kToken;
  for (const std::uint32_t row : AllOf(**dataset)) {
    if (tokens) {
      Tokens(**dataset, {row});
    } else {
      Floats(**dataset, {row});
    }
  }
  return true;
}

class CorruptPairTest : public ::testing::TestWithParam<std::string> {};

TEST_P(CorruptPairTest, AnyChangedByteIsSurvived) {
  const std::string bytes = ReadPair(GetParam());
  ASSERT_TRUE(GatherPair(bytes));
  std::size_t refused = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      if (!GatherPair(damaged)) ++refused;
    }
  }
  EXPECT_GT(refused, 0U);
}

TEST_P(CorruptPairTest, AnyTruncationIsRefused) {
  const std::string bytes = ReadPair(GetParam());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(GatherPair(bytes.substr(0, size))) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Pairs, CorruptPairTest,
                         ::testing::Values("floats", "bytes", "strided", "tokens"));

TEST(CorruptCsvTest, AnyChangedByteIsSurvived) {
  const std::string good = "user,\"a b\",y\nann,1.5,\"no\"\nbob,-2e1,yes\n";
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string damaged = good;
      damaged[i] = static_cast<char>(value);
      ByteSource source = SourceOf(damaged);
      const auto table = ReadCsvTable(source, {.label_column = "y", .key_column = "user"});
      if (!table.ok()) {
        EXPECT_NE(table.status().message().find("file:"), std::string::npos);
        continue;
      }
      EXPECT_EQ(table->features.size(), table->num_rows * table->columns.num_features());
      const auto classes = ClassMap::Build(*table, {}, "file");
      if (!classes.ok()) continue;
      EXPECT_EQ(classes->Map(*table, "file")->size(), table->num_rows);
    }
  }
}

}  // namespace
}  // namespace fedge::data
