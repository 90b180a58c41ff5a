// Reads the input as an edge program, as golden samples, and as the program of a small archive,
// which is then loaded and run.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/check.h"
#include "fedge/engine/context.h"
#include "fedge/engine/portable/provider.h"
#include "fedge/program/program_codec.h"
#include "fedge/program/samples.h"
#include "fedge/testing/program_builder.h"

namespace fedge {
namespace {

// So that a run takes milliseconds, whatever the program.
constexpr std::uint64_t kMaxArenaBytes = 1 << 20;
constexpr std::uint64_t kMaxWork = 1 << 22;

// Elements in all, products of convolutions and matrices counted roughly.
bool IsSmall(const Program& program) {
  std::uint64_t elements = 0;
  for (const Value& value : program.values) {
    std::uint64_t count = 1;
    for (const std::int64_t dim : At(value.shape, 3)) {
      count *= static_cast<std::uint64_t>(dim);
      if (count > kMaxWork) return false;
    }
    elements += count;
  }
  return elements < 4096 && program.nodes.size() < 64;
}

void RunAt(const std::shared_ptr<const Model>& model, std::int64_t batch) {
  Context context(model);
  std::vector<std::vector<std::byte>> buffers;
  std::vector<std::span<const std::byte>> inputs;
  std::vector<std::span<std::byte>> outputs;
  const auto add = [&](const ModelPort& port) -> std::vector<std::byte>& {
    std::size_t bytes = DTypeSize(port.dtype);
    for (const std::int64_t dim : At(port.shape, batch)) bytes *= static_cast<std::size_t>(dim);
    return buffers.emplace_back(bytes);
  };
  buffers.reserve(model->inputs().size() + model->outputs().size());
  for (const ModelPort& port : model->inputs()) inputs.emplace_back(add(port));
  for (const ModelPort& port : model->outputs()) outputs.emplace_back(add(port));
  (void)context.Run(batch, inputs, outputs);
}

// The constants that the program may name: "data/0" and "data/1".
const std::vector<testing::TinyTensor>& Tensors() {
  static const std::vector<testing::TinyTensor> tensors = {
      {"a", DType::kFloat32, {64}, std::string(256, '\x3e')},
      {"b", DType::kInt64, {8}, std::string(64, '\0')}};
  return tensors;
}

void LoadAndRun(std::string_view bytes) {
  std::vector<DerivedRecord> derived = {{std::string(kProgramRecord), {}}};
  for (std::size_t i = 0; i < Tensors().size(); ++i) {
    const auto data = AsBytes(Tensors()[i].bytes);
    derived[0].sources.push_back(
        {"data/" + std::to_string(i), data.size(), Crc32(data), Sha256::Of(data)});
  }
  const std::string file =
      testing::TinyModel(Tensors(), {{std::string(kProgramRecord), std::string(bytes)},
                                     {std::string(kDerivedRecord), DerivedToJson(derived)}});
  auto archive = Archive::FromBytes(AsBytes(file), "fuzz.pt");
  FEDGE_CHECK(archive.ok());
  static const std::shared_ptr<const KernelProvider> portable = MakePortableProvider();
  const auto model = Model::Load(std::move(*archive),
                                 {.providers = {portable}, .max_arena_bytes = kMaxArenaBytes});
  if (!model.ok()) return;
  RunAt(*model, 1);
  RunAt(*model, 3);
}

}  // namespace
}  // namespace fedge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)fedge::SamplesFromBytes(bytes);
  const auto program = fedge::ProgramFromBytes(bytes);
  if (!program.ok()) return 0;
  const auto again = fedge::ProgramFromBytes(fedge::ProgramToBytes(*program));
  FEDGE_CHECK(again.ok() && fedge::ProgramToBytes(*again) == fedge::ProgramToBytes(*program));
  if (fedge::Validate(*program).ok() && fedge::IsSmall(*program)) fedge::LoadAndRun(bytes);
  return 0;
}
