#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/data/byte_source.h"
#include "fedge/data/dataset.h"

namespace fedge::data {

// The bytes as a gzip file would hold them.
std::string Gzip(std::string_view bytes);
void WriteTo(const std::string& path, std::string_view bytes);

// An IDX file of bytes.
std::string Idx(const std::vector<std::uint32_t>& shape, std::string_view values);

// The four files of a small MNIST: `train` and `test` images of 2 x 3 pixels; pixel p of image i is
// (i + p) % 256 and its label i % 10.
void WriteSmallMnist(const std::string& folder, std::size_t train, std::size_t test, bool gzip);

// One CIFAR-10 record whose channels hold the label, 100 and 200.
std::string CifarRecord(int label);

ByteSource SourceOf(std::string_view bytes, std::string name = "file");

// All rows of a data set.
std::vector<std::uint32_t> AllOf(const Dataset& dataset);
std::vector<float> Floats(const Dataset& dataset, std::vector<std::uint32_t> indices);
std::vector<std::int64_t> Tokens(const Dataset& dataset, std::vector<std::uint32_t> indices);
std::vector<std::int64_t> Classes(const Dataset& dataset, std::vector<std::uint32_t> indices);
std::vector<float> Reals(const Dataset& dataset, std::vector<std::uint32_t> indices);

// Labels and keys and nothing else, for partitions.
class FakeDataset final : public Dataset {
 public:
  FakeDataset(std::size_t size, std::vector<std::int64_t> labels,
              std::vector<std::uint32_t> keys = {});

  const DatasetInfo& info() const override { return info_; }
  std::size_t size() const override { return size_; }
  void GatherFloats(Indices, std::span<float>) const override {}
  void GatherTokens(Indices, std::span<std::int64_t>) const override {}
  void GatherClasses(Indices, std::span<std::int64_t>) const override {}
  void GatherReals(Indices, std::span<float>) const override {}
  std::span<const std::uint32_t> keys() const override { return keys_; }
  std::vector<std::int64_t> Labels() const override { return labels_; }

 private:
  DatasetInfo info_;
  std::size_t size_;
  std::vector<std::int64_t> labels_;
  std::vector<std::uint32_t> keys_;
};

}  // namespace fedge::data
