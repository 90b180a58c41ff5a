#include "test_files.h"

#include <fstream>
#include <numeric>

#include <zlib.h>

#include "fedge/common/check.h"
#include "fedge/common/hash.h"

namespace fedge::data {

std::string Gzip(std::string_view bytes) {
  z_stream stream{};
  FEDGE_CHECK(::deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) ==
              Z_OK);
  std::string out(::deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  FEDGE_CHECK(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

void WriteTo(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  FEDGE_CHECK(!file.fail());
}

std::string Idx(const std::vector<std::uint32_t>& shape, std::string_view values) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(shape.size())};
  for (const std::uint32_t extent : shape) {
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<char>(extent >> shift & 255));
  }
  return bytes.append(values);
}

void WriteSmallMnist(const std::string& folder, std::size_t train, std::size_t test, bool gzip) {
  const auto write = [&](const std::string& name, const std::string& bytes) {
    WriteTo(folder + "/" + name + (gzip ? ".gz" : ""), gzip ? Gzip(bytes) : bytes);
  };
  for (const bool training : {true, false}) {
    const std::size_t count = training ? train : test;
    std::string pixels;
    std::string labels;
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t p = 0; p < 6; ++p) pixels.push_back(static_cast<char>((i + p) % 256));
      labels.push_back(static_cast<char>(i % 10));
    }
    const std::string part = training ? "train" : "t10k";
    write(part + "-images-idx3-ubyte", Idx({static_cast<std::uint32_t>(count), 2, 3}, pixels));
    write(part + "-labels-idx1-ubyte", Idx({static_cast<std::uint32_t>(count)}, labels));
  }
}

std::string CifarRecord(int label) {
  const auto channel = static_cast<char>(label);
  return channel + std::string(1024, channel) + std::string(1024, '\x64') +
         std::string(1024, '\xC8');
}

ByteSource SourceOf(std::string_view bytes, std::string name) {
  return ByteSource::FromBytes(AsBytes(bytes), std::move(name)).value();
}

std::vector<std::uint32_t> AllOf(const Dataset& dataset) {
  std::vector<std::uint32_t> indices(dataset.size());
  std::iota(indices.begin(), indices.end(), 0U);
  return indices;
}

std::vector<float> Floats(const Dataset& dataset, std::vector<std::uint32_t> indices) {
  std::vector<float> out(indices.size() * dataset.info().feature_size());
  dataset.GatherFloats(indices, out);
  return out;
}

std::vector<std::int64_t> Tokens(const Dataset& dataset, std::vector<std::uint32_t> indices) {
  std::vector<std::int64_t> out(indices.size() * dataset.info().feature_size());
  dataset.GatherTokens(indices, out);
  return out;
}

std::vector<std::int64_t> Classes(const Dataset& dataset, std::vector<std::uint32_t> indices) {
  std::vector<std::int64_t> out(indices.size() * dataset.info().target_size());
  dataset.GatherClasses(indices, out);
  return out;
}

std::vector<float> Reals(const Dataset& dataset, std::vector<std::uint32_t> indices) {
  std::vector<float> out(indices.size() * dataset.info().target_size());
  dataset.GatherReals(indices, out);
  return out;
}

FakeDataset::FakeDataset(std::size_t size, std::vector<std::int64_t> labels,
                         std::vector<std::uint32_t> keys)
    : size_(size), labels_(std::move(labels)), keys_(std::move(keys)) {
  info_.name = "fake";
  info_.target_type = labels_.empty() ? TargetType::kReal : TargetType::kClass;
}

}  // namespace fedge::data
