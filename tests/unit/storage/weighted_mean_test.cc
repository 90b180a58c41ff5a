#include <algorithm>
#include <filesystem>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elements.h"
#include "fedge/common/hash.h"
#include "fedge/common/training.h"
#include "fedge/coordinator/aggregation.h"
#include "fedge/testing/temp_directory.h"
#include "fedge/testing/tiny_model.h"

namespace fedge {
namespace {

using testing::Elements;
using ::testing::HasSubstr;
using testing::Number;
using testing::TempDirectory;
using testing::TinyTensor;

class WeightedMeanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto spool = Spool::Open(PosixFileSystem(), folder_.File("spool"));
    ASSERT_TRUE(spool.ok());
    spool_ = std::move(*spool);
  }

  void UseModel(const std::vector<TinyTensor>& tensors) {
    file_ = testing::TinyModel(tensors);
    auto archive = Archive::FromBytes(AsBytes(file_), "tiny.pt");
    ASSERT_TRUE(archive.ok()) << archive.status().ToString();
    archive_ = std::make_unique<Archive>(std::move(*archive));
    auto manifest = BuildManifest(*archive_);
    ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
    manifest_ = std::move(*manifest);
  }

  // One element per dtype and rule that is not a multiple of anything, and random updates of it.
  void UseRandomModel(std::uint64_t seed, std::size_t scale = 1) {
    Random random(seed);
    std::vector<TinyTensor> tensors;
    for (const DType dtype : testing::kFloatTypes) {
      const std::size_t count = (97 + random.Below(50)) * scale;
      tensors.push_back({.name = std::string("w_") + std::string(DTypeName(dtype)),
                         .dtype = dtype,
                         .shape = {static_cast<std::int64_t>(count)},
                         .bytes = testing::RandomElements(dtype, count, random)});
    }
    tensors.push_back({.name = "count",
                       .dtype = DType::kInt64,
                       .shape = {},
                       .bytes = Elements(DType::kInt64, {7}),
                       .parameter = false,
                       .requires_grad = false});
    tensors.push_back({.name = "table",
                       .dtype = DType::kInt8,
                       .shape = {9},
                       .bytes = "123456789",
                       .parameter = false,
                       .requires_grad = false});
    UseModel(tensors);
  }
  std::string RandomPayload(Random& random) {
    std::string payload(manifest_.payload_bytes, '\xee');  // the gaps
    for (const ManifestEntry& entry : manifest_.entries) {
      std::string bytes;
      if (entry.rule == MergeRule::kAverageDelta) {
        bytes = testing::RandomElements(entry.dtype, entry.num_elements, random);
      } else if (entry.rule == MergeRule::kMaximum) {
        bytes = Elements(entry.dtype, {static_cast<double>(random.Below(1000))});
      } else {
        const auto base = *archive_->StorageBytes(entry.storage);
        bytes.assign(reinterpret_cast<const char*>(base.data()), base.size());
      }
      payload.replace(entry.payload_offset, bytes.size(), bytes);
    }
    return payload;
  }

  void Add(const ClientId& client, const std::string& payload, std::uint64_t weight) {
    auto extent = spool_->Allocate(1, payload.size());
    ASSERT_TRUE(extent.ok());
    ASSERT_TRUE(spool_->Write(*extent, 0, AsBytes(payload)).ok());
    extent->crc32 = Crc32(AsBytes(payload));
    updates_.push_back({.client = client, .extent = *extent, .weight = weight});
  }

  // The bytes of the resulting file.
  Result<std::string> Aggregate(AggregationOptions options = {}) {
    ArchiveWriter::Options writer_options;
    for (const ManifestEntry& entry : manifest_.entries) {
      writer_options.replaced_storages.push_back(entry.storage);
    }
    const std::string path = folder_.File("out.pt");
    FEDGE_ASSIGN_OR_RETURN(auto writer, ArchiveWriter::Create(*archive_, PosixFileSystem(), path,
                                                              std::move(writer_options)));
    FEDGE_RETURN_IF_ERROR(WeightedMean(*archive_, manifest_, updates_, *spool_, writer, options));
    FEDGE_RETURN_IF_ERROR(writer.Finish().status());
    return ReadFile(path);
  }
  // The bytes of one tensor of a file.
  static std::string TensorOf(const std::string& file, std::string_view name) {
    const auto archive = Archive::FromBytes(AsBytes(file), "result");
    EXPECT_TRUE(archive.ok()) << archive.status().ToString();
    const auto bytes = *archive->StorageBytes(archive->FindTensor(name)->storage);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  TempDirectory folder_;
  std::unique_ptr<Spool> spool_;
  std::string file_;
  std::unique_ptr<Archive> archive_;
  Manifest manifest_;
  std::vector<SpooledUpdate> updates_;
};

// Flower's fedavgm_test.py: two clients whose weights differ, two layers.
TEST_F(WeightedMeanTest, PublishedAverageEndToEnd) {
  UseModel({{.name = "l1", .shape = {2, 3}, .bytes = Elements(DType::kFloat32, {0, 0, 0, 0, 0, 0})},
            {.name = "l2", .shape = {4}, .bytes = Elements(DType::kFloat32, {0, 0, 0, 0})},
            {.name = "s", .shape = {}, .bytes = Elements(DType::kFloat32, {0})}});
  const auto payload = [&](std::initializer_list<double> l1, std::initializer_list<double> l2,
                           double s) {
    std::string bytes(manifest_.payload_bytes, '\0');
    bytes.replace(manifest_.entries[0].payload_offset, 24, Elements(DType::kFloat32, l1));
    bytes.replace(manifest_.entries[1].payload_offset, 16, Elements(DType::kFloat32, l2));
    bytes.replace(manifest_.entries[2].payload_offset, 4, Elements(DType::kFloat32, {s}));
    return bytes;
  };
  Add("a", payload({1, 2, 3, 4, 5, 6}, {7, 8, 9, 10}, 1), 1);
  Add("b", payload({29, 23, 19, 17, 13, 11}, {7, 5, 3, 2}, 3), 2);
  const auto file = Aggregate();
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(TensorOf(*file, "l1"),
            Elements(DType::kFloat32, {59.0 / 3, 16, 41.0 / 3, 38.0 / 3, 31.0 / 3, 28.0 / 3}));
  EXPECT_EQ(TensorOf(*file, "l2"), Elements(DType::kFloat32, {7, 6, 5, 14.0 / 3}));
  EXPECT_EQ(TensorOf(*file, "s"), Elements(DType::kFloat32, {7.0 / 3}));
}

TEST_F(WeightedMeanTest, EveryDtypeAndRuleByTheContractsFormula) {
  UseRandomModel(1);
  Random random(2);
  std::vector<std::string> payloads;
  std::vector<std::uint64_t> weights;
  for (int i = 0; i < 9; ++i) {
    payloads.push_back(RandomPayload(random));
    weights.push_back(1 + random.Below(kMaxWeight));
    Add(fmt::format("client-{}", i), payloads.back(), weights.back());
  }
  const auto file = Aggregate();
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const double total =
      static_cast<double>(std::accumulate(weights.begin(), weights.end(), std::uint64_t{0}));
  for (const ManifestEntry& entry : manifest_.entries) {
    const std::string merged = TensorOf(*file, entry.tensor);
    const std::string base = TensorOf(file_, entry.tensor);
    if (entry.rule == MergeRule::kMustBeEqual) {
      EXPECT_EQ(merged, base);
      continue;
    }
    std::string expected;
    for (std::size_t i = 0; i < entry.num_elements; ++i) {
      double sum = 0;
      std::int64_t maximum = 0;
      for (std::size_t c = 0; c < payloads.size(); ++c) {
        const std::string values = payloads[c].substr(entry.payload_offset, entry.num_bytes());
        if (entry.rule == MergeRule::kAverageDelta) {
          sum += static_cast<double>(weights[c]) * Number(entry.dtype, values, i);
        } else {
          std::int64_t value = 0;
          std::memcpy(&value, values.data(), 8);
          maximum = std::max(maximum, value);
        }
      }
      expected += entry.rule == MergeRule::kMaximum
                      ? testing::Raw(maximum)
                      : testing::Element(entry.dtype, Number(entry.dtype, base, i) + sum / total);
    }
    EXPECT_EQ(merged, expected) << entry.tensor;
  }
}

TEST_F(WeightedMeanTest, NeitherOrderNorBufferChangesAByte) {
  UseRandomModel(3, 20);
  Random random(4);
  for (int i = 0; i < 12; ++i)
    Add(fmt::format("client-{}", i), RandomPayload(random), 1 + random.Below(1000));
  const auto expected = Aggregate();
  ASSERT_TRUE(expected.ok()) << expected.status().ToString();
  for (const std::size_t buffer : {0u, 1u, 64u, 1000u, 4096u, 100'000u, 16u << 20}) {
    random.Shuffle(std::span(updates_));
    const auto file = Aggregate({.buffer_bytes = buffer, .stop = {}});
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    EXPECT_TRUE(*file == *expected) << buffer;
  }
}

TEST_F(WeightedMeanTest, PermutedClientsOfEqualWeightGiveTheSameBytes) {
  UseRandomModel(5);
  Random random(6);
  std::vector<std::string> payloads;
  for (int i = 0; i < 6; ++i) payloads.push_back(RandomPayload(random));
  std::vector<std::string> files;
  for (int permutation = 0; permutation < 5; ++permutation) {
    updates_.clear();
    std::vector<std::size_t> order(payloads.size());
    std::iota(order.begin(), order.end(), 0);
    random.Shuffle(std::span(order));
    for (const std::size_t i : order) Add(fmt::format("client-{}", i), payloads[i], 100 + i);
    files.push_back(*Aggregate());
  }
  for (const std::string& file : files) EXPECT_TRUE(file == files.front());
}

TEST_F(WeightedMeanTest, EveryFlippedBitOfAPayloadIsFoundWithItsClient) {
  UseRandomModel(7);
  Random random(8);
  const std::string payload = RandomPayload(random);
  Add("good", RandomPayload(random), 1);
  for (int i = 0; i < 50; ++i) {
    Add("bad", payload, 1);
    const std::uint64_t offset = random.Below(payload.size());
    const std::string flipped(1, static_cast<char>(payload[offset] ^ (1 << random.Below(8))));
    ASSERT_TRUE(spool_->Write(updates_.back().extent, offset, AsBytes(flipped)).ok());
    const Status status = Aggregate().status();
    EXPECT_FALSE(status.ok()) << offset;
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    updates_.pop_back();
  }
  EXPECT_TRUE(Aggregate().ok());
  Add("bad", payload, 1);
  updates_.back().extent.crc32 ^= 1;
  EXPECT_THAT(Aggregate().status().message(), HasSubstr("update of client 'bad': its checksum is"));
}

TEST_F(WeightedMeanTest, RefusesWhatItCannotAverage) {
  UseRandomModel(9);
  Random random(10);
  EXPECT_EQ(Aggregate().status().code(), StatusCode::kFailedPrecondition);
  Add("a", RandomPayload(random), 1);
  for (const std::uint64_t weight : {std::uint64_t{0}, kMaxWeight + 1, ~std::uint64_t{0}}) {
    updates_[0].weight = weight;
    EXPECT_EQ(Aggregate().status().code(), StatusCode::kInvalidArgument);
  }
  updates_[0].weight = 1;
  updates_.push_back(updates_[0]);
  EXPECT_THAT(Aggregate().status().message(), HasSubstr("two updates of client 'a'"));
  updates_.pop_back();
  updates_[0].extent.size -= 8;
  EXPECT_THAT(Aggregate().status().message(), HasSubstr("update of client 'a': it has "));
}

TEST_F(WeightedMeanTest, ATornSegmentNamesTheClient) {
  UseRandomModel(11);
  Random random(12);
  Add("a", RandomPayload(random), 1);
  Add("b", RandomPayload(random), 1);
  std::filesystem::resize_file(folder_.File("spool/1.segment"), updates_[1].extent.offset + 100);
  const Status status = Aggregate().status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("update of client 'b': spool: "));
}

TEST_F(WeightedMeanTest, AMeanOutOfRangeNamesTheTensor) {
  UseModel({{.name = "fine", .shape = {3}, .bytes = Elements(DType::kFloat32, {0, 0, 0})},
            {.name = "big", .shape = {3}, .bytes = Elements(DType::kFloat32, {0, 0, 3e38})}});
  std::string payload(manifest_.payload_bytes, '\0');
  payload.replace(manifest_.entries[1].payload_offset + 8, 4, Elements(DType::kFloat32, {1e38}));
  Add("a", payload, 5);
  for (const std::size_t buffer : {0u, 4096u}) {
    const Status status = Aggregate({.buffer_bytes = buffer, .stop = {}}).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_THAT(status.message(), HasSubstr("'big' element 2: the mean of 1 updates"));
  }
}

TEST_F(WeightedMeanTest, StopsWhenAskedTo) {
  UseRandomModel(13);
  Random random(14);
  Add("a", RandomPayload(random), 1);
  std::stop_source source;
  EXPECT_TRUE(Aggregate({.stop = source.get_token()}).ok());
  source.request_stop();
  EXPECT_EQ(Aggregate({.stop = source.get_token()}).status().code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace fedge
