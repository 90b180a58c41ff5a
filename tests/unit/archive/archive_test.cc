#include "fedge/archive/archive.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "archive_files.h"
#include "fedge/common/hash.h"
#include "fedge/testing/temp_directory.h"

namespace fedge {
namespace {

using ::fedge::testing::BuildZip;
using ::fedge::testing::Content;
using ::fedge::testing::GoldenFolder;
using ::fedge::testing::OpenGolden;
using ::fedge::testing::ReadText;
using ::fedge::testing::SmallModule;
using ::fedge::testing::StorageOf;
using ::testing::HasSubstr;

TEST(ArchiveTest, NamesTheFileThatIsNotThere) {
  const auto archive = Archive::Open("/nowhere/model.pt");
  EXPECT_EQ(archive.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(archive.status().message(), HasSubstr("/nowhere/model.pt"));
}

TEST(ArchiveTest, RefusesFoldersAndEmptyFiles) {
  const fedge::testing::TempDirectory folder;
  EXPECT_EQ(Archive::Open(folder.path()).status().code(), StatusCode::kInvalidArgument);
  std::ofstream(folder.File("empty.pt")).flush();
  EXPECT_EQ(Archive::Open(folder.File("empty.pt")).status().code(), StatusCode::kInvalidArgument);
}

TEST(ArchiveTest, ReadsRecordsAndExtras) {
  const Archive archive = OpenGolden("torch-2.13/mlp.pt");
  EXPECT_TRUE(archive.is_module());
  EXPECT_EQ(*archive.ReadExtra("note.txt"), "hello");
  EXPECT_EQ(*archive.ReadExtra("fedge/empty"), "");
  EXPECT_TRUE(archive.HasExtra("note.txt"));
  EXPECT_FALSE(archive.HasExtra("other.txt"));
  EXPECT_EQ(archive.ReadExtra("other.txt").status().code(), StatusCode::kNotFound);
  EXPECT_THAT(*archive.ReadRecord("code/__torch__.py"),
              HasSubstr("class Mlp(Module):"));  // deflated
  EXPECT_EQ(archive.FindTensor("nothing"), nullptr);
}

TEST(ArchiveTest, TensorsThatShareAStorageSayso) {
  const Archive archive = OpenGolden("torch-2.13/views.pt");
  EXPECT_EQ(StorageOf(archive, "embed.weight"), StorageOf(archive, "out.weight"));
  EXPECT_EQ(StorageOf(archive, "row"), StorageOf(archive, "column"));
  EXPECT_EQ(archive.FindTensor("row")->storage_offset, 4U);
  EXPECT_FALSE(archive.FindTensor("column")->is_contiguous());
  EXPECT_FALSE(archive.FindTensor("expanded")->is_contiguous());
  EXPECT_TRUE(archive.FindTensor("row")->is_contiguous());
  EXPECT_TRUE(archive.FindTensor("empty")->is_contiguous());
  EXPECT_EQ(archive.FindTensor("empty")->num_elements(), 0U);
  EXPECT_EQ(archive.FindTensor("scalar")->num_elements(), 1U);
  EXPECT_FALSE(archive.FindTensor("frozen")->trainable());
  EXPECT_TRUE(archive.FindTensor("transposed")->trainable());
}

TEST(ArchiveTest, SpansStayWhenItIsMoved) {
  Archive archive = OpenGolden("torch-2.13/mlp.pt");
  const auto before = *archive.StorageBytes(0);
  const Archive moved = std::move(archive);
  EXPECT_EQ(before.data(), moved.StorageBytes(0)->data());
}

TEST(ArchiveTest, InflatesTensorsOnceForAllThreads) {
  const std::string file = BuildZip(SmallModule(true));
  const auto archive = Archive::FromBytes(AsBytes(file), "m.pt");
  ASSERT_TRUE(archive.ok()) << archive.status().ToString();
  ASSERT_TRUE(archive->storages()[0].deflated);
  std::vector<const std::byte*> seen(4);
  {
    std::vector<std::jthread> threads;
    for (auto& pointer : seen)
      threads.emplace_back([&] { pointer = archive->StorageBytes(0)->data(); });
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), seen[0]), 4);
  EXPECT_EQ(Content(*archive, StorageOf(*archive, "b")), SmallModule()[4].content);
}

TEST(ArchiveTest, ReadsWhatAZipToolMakesOfAnArchive) {
  // Deflated, without alignment, its folders listed, under another name than the file's.
  std::vector<fedge::testing::ZipRecord> records = SmallModule(true);
  records.insert(records.begin(), {.name = "m/", .content = ""});
  const std::string file = BuildZip(records, {.zip64_end = true});
  const auto archive = Archive::FromBytes(AsBytes(file), "renamed.pt");
  ASSERT_TRUE(archive.ok()) << archive.status().ToString();
  EXPECT_TRUE(archive->Verify().ok());
  EXPECT_EQ(archive->FindTensor("w")->kind, TensorKind::kParameter);
  EXPECT_EQ(archive->FindTensor("b")->kind, TensorKind::kBuffer);
  EXPECT_EQ(archive->records().size(), records.size() - 1);
}

TEST(ArchiveTest, AMissingStorageIsNamed) {
  auto records = SmallModule();
  records.erase(records.begin() + 3);
  const std::string file = BuildZip(records);
  EXPECT_THAT(Archive::FromBytes(AsBytes(file), "m.pt").status().message(),
              HasSubstr("m.pt: record 'data/0' is missing"));
}

TEST(ArchiveTest, AStorageOfTheWrongSizeIsNamed) {
  for (const std::string& content :
       {std::string(4, 'x'), std::string(9, 'x'), std::string(12, 'x')}) {
    auto records = SmallModule();
    records[3].content = content;
    const std::string file = BuildZip(records);
    const auto archive = Archive::FromBytes(AsBytes(file), "m.pt");
    EXPECT_EQ(archive.status().code(), StatusCode::kDataLoss);
    EXPECT_THAT(archive.status().message(), HasSubstr("record 'data/0'"));
  }
}

TEST(ArchiveTest, VerifyFindsAFlippedBit) {
  auto records = SmallModule();
  records[4].crc32 = 1;
  const std::string file = BuildZip(records);
  const auto archive = Archive::FromBytes(AsBytes(file), "m.pt");
  ASSERT_TRUE(archive.ok());
  EXPECT_EQ(archive->Verify().code(), StatusCode::kDataLoss);
  EXPECT_THAT(archive->Verify().message(), HasSubstr("record 'data/1' at offset"));
}

TEST(ArchiveTest, DamagedDeflateDataAreAnErrorNotATensor) {
  auto records = SmallModule(true);
  records[3].deflate = false;
  records[3].method_offset = 8;                 // says deflated
  records[3].content = std::string(8, '\xff');  // is not
  const std::string file = BuildZip(records);
  const auto archive = Archive::FromBytes(AsBytes(file), "m.pt");
  ASSERT_TRUE(archive.ok()) << archive.status().ToString();
  EXPECT_EQ(archive->StorageBytes(0).status().code(), StatusCode::kDataLoss);
}

// All that can be read of an archive, in words.
std::string Everything(const Archive& archive) {
  std::string text = archive.is_module() ? "module\n" : "tensors\n";
  for (const TensorInfo& tensor : archive.tensors()) {
    text += fmt::format("{} {} {} {} {} {} {} {}\n", tensor.name, static_cast<int>(tensor.kind),
                        DTypeName(tensor.dtype), fmt::join(tensor.shape, ","),
                        fmt::join(tensor.strides, ","), tensor.storage, tensor.storage_offset,
                        tensor.requires_grad);
  }
  for (std::size_t i = 0; i < archive.storages().size(); ++i) text += Content(archive, i) + "\n";
  for (const RecordInfo& record : archive.records())
    text += record.name + archive.ReadRecord(record.name).value() + "\n";
  return text;
}

// Whatever happens to a file, it is refused or read right.
void ExpectRefusedOrRight(const std::string& file, const std::string& expected, std::size_t at) {
  const auto archive = Archive::FromBytes(AsBytes(file), "damaged.pt");
  if (archive.ok() && archive->Verify().ok()) {
    ASSERT_EQ(Everything(*archive), expected) << "byte " << at;
  }
}

class DamagedFileTest : public ::testing::TestWithParam<std::string> {};

TEST_P(DamagedFileTest, AnyByteMayBeFlipped) {
  const std::string good = ReadText(GoldenFolder() + "/" + GetParam());
  const std::string expected = Everything(*Archive::FromBytes(AsBytes(good), "good.pt"));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char mask : {'\x01', '\xff'}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ mask);
      ExpectRefusedOrRight(bad, expected, i);
    }
  }
}

TEST_P(DamagedFileTest, AnyRunOfBytesMayBeOverwritten) {
  const std::string good = ReadText(GoldenFolder() + "/" + GetParam());
  const std::string expected = Everything(*Archive::FromBytes(AsBytes(good), "good.pt"));
  for (std::size_t i = 0; i < good.size(); i += 4) {
    for (const char value : {'\0', '\xff'}) {
      std::string bad = good;
      bad.replace(i, std::min<std::size_t>(8, bad.size() - i),
                  std::min<std::size_t>(8, bad.size() - i), value);
      ExpectRefusedOrRight(bad, expected, i);
    }
  }
}

TEST_P(DamagedFileTest, NoPartOfItOpens) {
  const std::string good = ReadText(GoldenFolder() + "/" + GetParam());
  for (std::size_t size = 0; size < good.size(); ++size) {
    const std::string cut = good.substr(0, size);  // a copy, so that a sanitizer sees its end
    EXPECT_FALSE(Archive::FromBytes(AsBytes(cut), "cut.pt").ok()) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(All, DamagedFileTest,
                         ::testing::Values("torch-2.13/dtypes.pt", "torch-1.13/mlp.pt",
                                           "torch-2.13/views.pt", "torch-2.13/named.pt"));

}  // namespace
}  // namespace fedge
