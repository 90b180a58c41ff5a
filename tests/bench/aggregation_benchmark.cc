#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "fedge/common/check.h"
#include "fedge/common/hash.h"
#include "fedge/common/random.h"
#include "fedge/coordinator/aggregation.h"
#include "fedge/coordinator/update_validator.h"
#include "fedge/testing/temp_directory.h"
#include "fedge/testing/tiny_model.h"

// Averaging updates and checking them as they arrive, beside plainly reading the same bytes, in
// bytes of updates per second. The files are in the page cache.
namespace fedge {
namespace {

// A model of `num_bytes` bytes of one dtype, in tensors of 1 MiB, and updates of it in a spool.
class Scene {
 public:
  Scene(DType dtype, std::size_t num_bytes, std::size_t num_updates) {
    std::vector<testing::TinyTensor> tensors;
    for (std::size_t begin = 0; begin < num_bytes; begin += kTensorBytes) {
      const std::size_t size = std::min(kTensorBytes, num_bytes - begin);
      tensors.push_back({.name = fmt::format("t{}", tensors.size()),
                         .dtype = dtype,
                         .shape = {static_cast<std::int64_t>(size / DTypeSize(dtype))},
                         .bytes = SmallValues(dtype, size)});
    }
    file_ = testing::TinyModel(tensors);
    archive_ = std::make_unique<Archive>(Archive::FromBytes(AsBytes(file_), "bench").value());
    manifest_ = BuildManifest(*archive_).value();
    spool_ = Spool::Open(PosixFileSystem(), folder_.File("spool")).value();
    for (std::size_t i = 0; i < num_updates; ++i) AddUpdate(dtype, i);
  }

  std::int64_t update_bytes() const {
    return static_cast<std::int64_t>(manifest_.payload_bytes * updates_.size());
  }
  const std::string& payload() const { return payload_; }
  const Archive& archive() const { return *archive_; }
  const Manifest& manifest() const { return manifest_; }

  void Average(std::size_t buffer_bytes) {
    ArchiveWriter::Options options;
    for (const ManifestEntry& entry : manifest_.entries) {
      options.replaced_storages.push_back(entry.storage);
    }
    auto writer = ArchiveWriter::Create(*archive_, PosixFileSystem(), folder_.File("out.pt"),
                                        std::move(options));
    const Status status = WeightedMean(*archive_, manifest_, updates_, *spool_, *writer,
                                       {.buffer_bytes = buffer_bytes, .stop = {}});
    FEDGE_CHECK(status.ok());
  }
  void Read() {
    std::vector<std::byte> buffer(256 << 10);
    for (const SpooledUpdate& update : updates_) {
      for (std::uint64_t at = 0; at < update.extent.size; at += buffer.size()) {
        const auto piece = std::span(buffer).first(
            std::min<std::uint64_t>(buffer.size(), update.extent.size - at));
        FEDGE_CHECK(spool_->Read(update.extent, at, piece).ok());
      }
      benchmark::DoNotOptimize(buffer.data());
    }
  }

 private:
  static constexpr std::size_t kTensorBytes = 1 << 20;

  // Any bits, but none that make a huge, infinite or NaN element.
  static std::string SmallValues(DType dtype, std::size_t num_bytes) {
    std::string bytes(num_bytes, '\0');
    Random random(1);
    const std::size_t width = DTypeSize(dtype);
    for (std::size_t i = 0; i < num_bytes; ++i) {
      bytes[i] = static_cast<char>(random.Next() & (i % width == width - 1 ? 0xb3 : 0xff));
    }
    return bytes;
  }
  void AddUpdate(DType dtype, std::size_t index) {
    if (payload_.empty()) payload_ = SmallValues(dtype, manifest_.payload_bytes);
    Extent extent = spool_->Allocate(1, payload_.size()).value();
    FEDGE_CHECK(spool_->Write(extent, 0, AsBytes(payload_)).ok());
    extent.crc32 = Crc32(AsBytes(payload_));
    updates_.push_back({.client = std::to_string(index), .extent = extent, .weight = 600 + index});
  }

  testing::TempDirectory folder_;
  std::string file_;
  std::unique_ptr<Archive> archive_;
  Manifest manifest_;
  std::unique_ptr<Spool> spool_;
  std::string payload_;
  std::vector<SpooledUpdate> updates_;
};

// One scene at a time: they are large.
Scene& SceneOf(const benchmark::State& state) {
  static std::vector<std::int64_t> key;
  static std::unique_ptr<Scene> scene;
  const std::vector<std::int64_t> wanted = {state.range(0), state.range(1), state.range(2)};
  if (wanted != key) {
    scene.reset();
    scene = std::make_unique<Scene>(static_cast<DType>(state.range(0)),
                                    static_cast<std::size_t>(state.range(2)),
                                    static_cast<std::size_t>(state.range(1)));
    key = wanted;
  }
  return *scene;
}

void Finish(benchmark::State& state, std::int64_t bytes_per_iteration) {
  state.SetBytesProcessed(state.iterations() * bytes_per_iteration);
  state.SetLabel(std::string(DTypeName(static_cast<DType>(state.range(0)))));
}

void ReadUpdates(benchmark::State& state) {
  Scene& scene = SceneOf(state);
  for (auto _ : state) scene.Read();
  Finish(state, scene.update_bytes());
}

void AverageUpdates(benchmark::State& state) {
  Scene& scene = SceneOf(state);
  for (auto _ : state) scene.Average(AggregationOptions{}.buffer_bytes);
  Finish(state, scene.update_bytes());
}

void ValidateUpdate(benchmark::State& state) {
  Scene& scene = SceneOf(state);
  constexpr std::size_t kChunk = 256 << 10;
  const auto payload = AsBytes(scene.payload());
  const std::uint32_t crc32 = Crc32(payload);
  for (auto _ : state) {
    UpdateValidator validator(scene.archive(), scene.manifest());
    for (std::size_t at = 0; at < payload.size(); at += kChunk) {
      const auto chunk = payload.subspan(at, std::min(kChunk, payload.size() - at));
      FEDGE_CHECK(validator.Consume(chunk).ok());
    }
    FEDGE_CHECK(validator.Finish(crc32).ok());
  }
  Finish(state, static_cast<std::int64_t>(payload.size()));
}

// {dtype, updates, bytes of each}
void Scenes(benchmark::internal::Benchmark* benchmark) {
  const auto type = [](DType dtype) { return static_cast<std::int64_t>(dtype); };
  benchmark->ArgNames({"dtype", "updates", "bytes"})->Unit(benchmark::kMillisecond)->UseRealTime();
  benchmark->Args({type(DType::kFloat32), 8, 100'000'000});
  benchmark->Args({type(DType::kFloat32), 500, 10'000});
  benchmark->Args({type(DType::kFloat64), 8, 20'000'000});
  benchmark->Args({type(DType::kFloat16), 8, 20'000'000});
  benchmark->Args({type(DType::kBFloat16), 8, 20'000'000});
}
BENCHMARK(ReadUpdates)->Apply(Scenes);
BENCHMARK(AverageUpdates)->Apply(Scenes);
BENCHMARK(ValidateUpdate)->Apply(Scenes);

}  // namespace
}  // namespace fedge

BENCHMARK_MAIN();
