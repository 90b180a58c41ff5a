#include "fedge/learn/architectures.h"

#include <charconv>
#include <sstream>
#include <utility>

#include <fmt/ranges.h>

#include "fedge/learn/architectures/registry.h"
#include "fedge/learn/catch_torch.h"

namespace fedge {
namespace {

constexpr std::int64_t kMaxSize = 1 << 24;

constexpr Architecture kArchitectures[] = {
    {"2nn", "2nn", "MNIST, 784-200-200-10 (McMahan et al. 2017)", BuildTwoHiddenLayers},
    {"cnn", "cnn", "MNIST, two convolutions (McMahan et al. 2017)", BuildCnn},
    {"lenet5", "lenet5", "MNIST, LeNet-5 as in Caffe", BuildLenet5},
    {"lenet300", "lenet300", "MNIST, 784-300-100-10", BuildLenet300},
    {"resnet20", "resnet20", "CIFAR-10, 20 layers (He et al. 2016)", BuildResnet20},
    {"char-lstm", "char-lstm:VOCABULARY",
     "next of 90 or VOCABULARY characters (McMahan et al. 2017)", BuildCharLstm},
    {"mlp", "mlp:IN,...,OUT", "linear layers of these sizes with rectifiers in between", BuildMlp},
};

Result<std::vector<std::int64_t>> ParseSizes(std::string_view text) {
  std::vector<std::int64_t> sizes;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    std::int64_t size = 0;
    const auto parsed = std::from_chars(item.data(), item.data() + item.size(), size);
    if (parsed.ec != std::errc() || parsed.ptr != item.data() + item.size() || size < 1 ||
        size > kMaxSize) {
      return InvalidArgument("size '{}' is not a whole number from 1 to {}", item, kMaxSize);
    }
    sizes.push_back(size);
    text.remove_prefix(item.size());
    if (text == ",") return InvalidArgument("the list of sizes ends in a comma");
    if (!text.empty()) text.remove_prefix(1);
  }
  return sizes;
}

Result<std::string> Build(const Architecture& architecture, std::string_view name,
                          std::uint64_t seed) {
  const std::size_t colon = name.find(':');
  FEDGE_ASSIGN_OR_RETURN(const std::vector<std::int64_t> sizes,
                         ParseSizes(colon == std::string_view::npos ? "" : name.substr(colon + 1)));
  Layers layers(seed);
  FEDGE_ASSIGN_OR_RETURN(BuiltModel built, architecture.build(layers, sizes));
  const ModelSchema schema{.architecture = std::string(name),
                           .loss = "cross-entropy",
                           .inputs = std::move(built.inputs),
                           .outputs = std::move(built.outputs)};
  std::ostringstream out;
  built.module.save(out, {{std::string(kSchemaRecord), SchemaToJson(schema)}});
  return std::move(out).str();
}

}  // namespace

std::vector<ArchitectureInfo> Architectures() {
  std::vector<ArchitectureInfo> infos;
  for (const Architecture& architecture : kArchitectures) {
    infos.push_back({.usage = architecture.usage, .help = architecture.help});
  }
  return infos;
}

Status CheckNoSizes(std::span<const std::int64_t> sizes) {
  return sizes.empty() ? OkStatus() : InvalidArgument("it takes no sizes");
}

Result<std::string> NewModel(std::string_view architecture, std::uint64_t seed) {
  const std::string_view name = architecture.substr(0, architecture.find(':'));
  std::vector<std::string_view> known;
  for (const Architecture& candidate : kArchitectures) {
    if (candidate.name == name) {
      const std::string context = fmt::format("architecture '{}'", architecture);
      Result<std::string> model = CatchTorch("LibTorch", [&]() -> Result<std::string> {
        return Build(candidate, architecture, seed);
      });
      if (!model.ok()) return model.status().WithContext(context);
      return model;
    }
    known.push_back(candidate.usage);
  }
  return InvalidArgument("unknown architecture '{}'; known: {}", architecture,
                         fmt::join(known, ", "));
}

}  // namespace fedge
