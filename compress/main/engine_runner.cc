#include "engine_runner.h"

#include <utility>

#include "fedge/common/hash.h"
#include "fedge/engine/model.h"
#include "fedge/engine/providers.h"

namespace fedge {

Result<EngineRunner> EngineRunner::Load(const std::string& path, ComputeType compute, int threads) {
  FEDGE_ASSIGN_OR_RETURN(
      auto model,
      Model::Load(path, {.providers = DefaultProviders(
                             {.onednn = {.threads = threads, .own_symbols_first = true}}),
                         .compute = compute}));
  return EngineRunner(std::move(model));
}

Status EngineRunner::Prepare(std::span<const SampleTensor> inputs) {
  std::vector<Dims> shapes;
  inputs_.clear();
  for (const SampleTensor& input : inputs) {
    shapes.push_back(input.shape);
    inputs_.push_back(AsBytes(input.data));
  }
  FEDGE_ASSIGN_OR_RETURN(batch_, model().BatchOf(shapes));
  kept_.clear();
  for (const ModelPort& port : model().outputs()) kept_.emplace_back(NumBytes(port, batch_));
  outputs_.assign(kept_.begin(), kept_.end());
  return OkStatus();
}

Status EngineRunner::Again() { return context_.Run(batch_, inputs_, outputs_); }

Result<std::vector<SampleTensor>> EngineRunner::Run(std::span<const SampleTensor> inputs) {
  FEDGE_RETURN_IF_ERROR(Prepare(inputs));
  FEDGE_RETURN_IF_ERROR(Again());
  std::vector<SampleTensor> outputs;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const ModelPort& port = model().outputs()[i];
    outputs.push_back(
        {.name = port.name,
         .dtype = port.dtype,
         .shape = At(port.shape, batch_),
         .data = std::string(reinterpret_cast<const char*>(kept_[i].data()), kept_[i].size())});
  }
  return outputs;
}

std::vector<SampleTensor> FirstRows(std::span<const SampleTensor> inputs, const Model& model) {
  std::vector<SampleTensor> rows;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ModelPort& port = model.inputs().at(i);
    rows.push_back({.name = port.name,
                    .dtype = port.dtype,
                    .shape = At(port.shape, 1),
                    .data = inputs[i].data.substr(0, NumBytes(port, 1))});
  }
  return rows;
}

}  // namespace fedge
