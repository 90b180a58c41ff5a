#include "fedge/archive/manifest.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "archive_files.h"
#include "fedge/common/hash.h"

namespace fedge {
namespace {

using ::fedge::testing::BuildZip;
using ::fedge::testing::OpenGolden;
using ::fedge::testing::SmallModule;
using ::fedge::testing::StorageOf;
using ::testing::HasSubstr;

const ManifestEntry* EntryOf(const Manifest& manifest, const Archive& archive,
                             const std::string& tensor) {
  for (const ManifestEntry& entry : manifest.entries) {
    if (entry.storage == StorageOf(archive, tensor)) return &entry;
  }
  return nullptr;
}

TEST(ManifestTest, LaysOutParametersAndBuffers) {
  const Archive archive = OpenGolden("torch-2.13/convnet.pt");
  const auto manifest = BuildManifest(archive);
  ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
  EXPECT_EQ(manifest->num_parameters, 18U + 2U + 2U);
  EXPECT_EQ(EntryOf(*manifest, archive, "features.0.weight")->rule, MergeRule::kAverageDelta);
  EXPECT_EQ(EntryOf(*manifest, archive, "features.1.running_mean")->rule, MergeRule::kAverageDelta);
  EXPECT_EQ(EntryOf(*manifest, archive, "features.1.num_batches_tracked")->rule,
            MergeRule::kMaximum);
  EXPECT_EQ(manifest->entries[0].tensor, "features.0.weight");
  std::uint64_t end = 0;
  for (const ManifestEntry& entry : manifest->entries) {
    EXPECT_EQ(entry.payload_offset % 8, 0U);
    EXPECT_GE(entry.payload_offset, end);
    EXPECT_LT(entry.payload_offset, end + 8);
    end = entry.payload_offset + entry.num_bytes();
    EXPECT_EQ(entry.num_elements, archive.storages()[entry.storage].num_elements);
    EXPECT_EQ(entry.dtype, archive.storages()[entry.storage].dtype);
  }
  EXPECT_EQ(manifest->payload_bytes, (end + 7) / 8 * 8);
}

TEST(ManifestTest, TakesStoragesOnceAndLeavesOutWhatIsNotTrained) {
  const Archive archive = OpenGolden("torch-2.13/views.pt");
  const auto manifest = BuildManifest(archive);
  ASSERT_TRUE(manifest.ok());
  // Tied weights once; the storage of `row` and `column` once, and whole.
  EXPECT_EQ(manifest->num_parameters, 12U + 10U + 2U);
  EXPECT_EQ(EntryOf(*manifest, archive, "row")->num_elements, 12U);
  EXPECT_EQ(EntryOf(*manifest, archive, "expanded")->num_elements, 1U);
  EXPECT_EQ(EntryOf(*manifest, archive, "frozen"), nullptr);
  EXPECT_EQ(EntryOf(*manifest, archive, "empty"), nullptr);
  EXPECT_EQ(EntryOf(*manifest, archive, "scalar")->rule, MergeRule::kMaximum);
  EXPECT_EQ(EntryOf(*manifest, archive, "counts")->rule, MergeRule::kMustBeEqual);
}

TEST(ManifestTest, LeavesOutAttributesAndFlatWeightsAreTheirParameters) {
  const Archive attributes = OpenGolden("torch-2.13/attributes.pt");
  EXPECT_EQ(EntryOf(*BuildManifest(attributes), attributes, "plain"), nullptr);
  const Archive lstm = OpenGolden("torch-2.13/lstm.pt");
  const auto manifest = BuildManifest(lstm);
  EXPECT_EQ(manifest->entries.size(), 4U);
  EXPECT_EQ(manifest->entries[0].tensor, "lstm.weight_ih_l0");
}

TEST(ManifestTest, RulesFollowTheType) {
  const Archive archive = OpenGolden("torch-2.13/dtypes.pt");
  const auto manifest = BuildManifest(archive);
  ASSERT_TRUE(manifest.ok());
  for (const ManifestEntry& entry : manifest->entries) {
    EXPECT_EQ(entry.rule,
              IsFloatingPoint(entry.dtype) ? MergeRule::kAverageDelta : MergeRule::kMustBeEqual)
        << entry.tensor;
  }
}

// The small module with its weight and buffer of two elements in one storage.
std::vector<fedge::testing::ZipRecord> SharedStorage(bool weight_trains) {
  namespace p = fedge::testing::pickle;
  const auto tensor = [](std::int64_t offset, bool requires_grad) {
    return p::Tensor(
        p::Storage("FloatStorage", "0", 2),
        {.offset = offset, .shape = {1}, .strides = {1}, .requires_grad = requires_grad});
  };
  auto records = SmallModule();
  records[0].content = p::Whole(p::Object(
      "__torch__", "M",
      p::Dict({p::Text("w"), tensor(0, weight_trains), p::Text("frozen"), tensor(1, false)})));
  records[1].content = "class M(Module):\n  __parameters__ = [\"frozen\", \"w\", ]\n";
  return records;
}

TEST(ManifestTest, AStorageThatAFrozenTensorSharesIsInIt) {
  const std::string file = BuildZip(SharedStorage(true));
  const auto archive = Archive::FromBytes(AsBytes(file), "m.pt");
  ASSERT_TRUE(archive.ok()) << archive.status().ToString();
  const auto manifest = BuildManifest(*archive);
  ASSERT_EQ(manifest->entries.size(), 1U);
  EXPECT_EQ(manifest->entries[0].num_elements, 2U);
  EXPECT_EQ(manifest->entries[0].tensor, "w");
  EXPECT_EQ(manifest->num_parameters, 2U);
}

TEST(ManifestTest, AModelThatCantBeTrainedIsRefused) {
  const std::string file = BuildZip(SharedStorage(false));
  const auto frozen = Archive::FromBytes(AsBytes(file), "m.pt");
  EXPECT_EQ(BuildManifest(*frozen).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(BuildManifest(*frozen).status().message(),
              HasSubstr("m.pt: has no trainable floating-point parameter"));
  EXPECT_FALSE(BuildManifest(OpenGolden("torch-2.13/constants.pt")).ok());
  EXPECT_THAT(BuildManifest(OpenGolden("torch-2.13/pair.pt")).status().message(),
              HasSubstr("not a TorchScript module"));
}

Digest StructureOf(const std::vector<fedge::testing::ZipRecord>& records) {
  const std::string file = BuildZip(records);
  const auto archive = Archive::FromBytes(AsBytes(file), "m.pt");
  EXPECT_TRUE(archive.ok()) << archive.status().ToString();
  return BuildManifest(*archive)->structure;
}

TEST(ManifestTest, StructureIsOfEverythingButValuesAndExtras) {
  const Digest structure = StructureOf(SmallModule());
  EXPECT_EQ(StructureOf(SmallModule(true)), structure);  // deflated or not

  auto other = SmallModule();
  other[3].content = std::string(8, 'x');
  other.push_back({.name = "m/extra/note", .content = "x"});
  other.push_back({.name = "m/code/__torch__.py.debug_pkl", .content = "x"});
  EXPECT_EQ(StructureOf(other), structure);

  auto code = SmallModule();
  code[1].content += "  def forward(self): return 1\n";
  EXPECT_NE(StructureOf(code), structure);
  auto constants = SmallModule();
  constants.push_back({.name = "m/constants/0", .content = "x"});
  EXPECT_NE(StructureOf(constants), structure);
  auto kind = SmallModule();
  kind[1].content = "class M(Module):\n  __parameters__ = [\"w\", \"b\", ]\n";
  EXPECT_NE(StructureOf(kind), structure);
}

}  // namespace
}  // namespace fedge
