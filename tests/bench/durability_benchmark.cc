// What each step costs that makes an update or a model survive a loss of power. Writes to a folder
// below TMPDIR: point that to the disk of the state directory.
#include <benchmark/benchmark.h>

#include "fedge/common/hash.h"
#include "fedge/coordinator/acknowledged_mark.h"
#include "fedge/coordinator/model_store.h"
#include "fedge/coordinator/spool.h"
#include "fedge/coordinator/store.h"
#include "fedge/testing/temp_directory.h"

namespace fedge {
namespace {

using testing::TempDirectory;

constexpr std::size_t kUpdateBytes = 10'000;

void SpoolData(benchmark::State& state) {
  const TempDirectory folder;
  const auto spool = Spool::Open(PosixFileSystem(), folder.File("spool")).value();
  const std::string update(kUpdateBytes, 'u');
  const auto once = [&] {
    const Extent extent = spool->Allocate(1, update.size()).value();
    FEDGE_CHECK(spool->Write(extent, 0, AsBytes(update)).ok() && spool->Sync(1).ok());
  };
  once();  // the first one syncs the folder, too
  for (auto _ : state) once();
}

void SpoolFirstOfARound(benchmark::State& state) {
  const TempDirectory folder;
  const auto spool = Spool::Open(PosixFileSystem(), folder.File("spool")).value();
  const std::string update(kUpdateBytes, 'u');
  for (RoundId round = 0; auto _ : state) {
    const Extent extent = spool->Allocate(++round, update.size()).value();
    FEDGE_CHECK(spool->Write(extent, 0, AsBytes(update)).ok() && spool->Sync(round).ok());
  }
}

void DatabaseCommit(benchmark::State& state) {
  const TempDirectory folder;
  const auto store = Store::Open(folder.path()).value();
  RoundRecord round;
  round.round = 1;
  for (auto _ : state) {
    ++round.num_accepted;
    const StoreWrite write = SaveRound{round};
    FEDGE_CHECK(store->Commit({&write, 1}).ok());
  }
}

void Mark(benchmark::State& state) {
  const TempDirectory folder;
  const auto mark = AcknowledgedMark::Open(PosixFileSystem(), folder.File("mark")).value();
  const bool synced = state.range(0) != 0;
  for (std::uint64_t commits = 0; auto _ : state) {
    FEDGE_CHECK(mark->Write({.commits = ++commits}).ok());
    if (synced) FEDGE_CHECK(mark->Sync().ok());
  }
}

void ModelFile(benchmark::State& state) {
  const TempDirectory folder;
  const auto models = ModelStore::Open(PosixFileSystem(), folder.path()).value();
  std::string content(kUpdateBytes, 'm');
  for (std::uint32_t round = 0; auto _ : state) {
    content.replace(0, 8, fmt::format("{:08}", ++round));
    FEDGE_CHECK(
        WriteFileAtomically(PosixFileSystem(), folder.File("given.pt"), AsBytes(content)).ok());
    const ModelRef model = models->Import(folder.File("given.pt")).value();
    FEDGE_CHECK(models->Publish(model).ok());
  }
}

// The bytes that a start reads to compare a model with its digest, and an aggregation with its CRC.
void VerifyModel(benchmark::State& state) {
  const TempDirectory folder;
  const auto models = ModelStore::Open(PosixFileSystem(), folder.path()).value();
  const std::string content(100u << 20, 'm');
  FEDGE_CHECK(
      WriteFileAtomically(PosixFileSystem(), folder.File("given.pt"), AsBytes(content)).ok());
  const ModelRef model = models->Import(folder.File("given.pt")).value();
  const auto check = state.range(0) != 0 ? ModelStore::Check::kDigest : ModelStore::Check::kCrc32;
  for (auto _ : state) FEDGE_CHECK(models->Verify(model, check).ok());
  state.SetBytesProcessed(static_cast<std::int64_t>(content.size()) *
                          static_cast<std::int64_t>(state.iterations()));
}

BENCHMARK(SpoolData)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(SpoolFirstOfARound)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(DatabaseCommit)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(Mark)->ArgName("synced")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(ModelFile)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(VerifyModel)->ArgName("digest")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fedge

BENCHMARK_MAIN();
