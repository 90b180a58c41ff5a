#pragma once

#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "fedge/archive/derived.h"
#include "fedge/common/check.h"
#include "fedge/program/infer.h"
#include "fedge/program/program.h"
#include "fedge/program/program_codec.h"
#include "fedge/testing/tiny_model.h"

namespace fedge::testing {

// Programs and the `.pt` files that carry them, for tests. What does not fit ends the test.
class ProgramBuilder {
 public:
  ValueId Input(const std::string& name, Shape shape, DType dtype = DType::kFloat32) {
    const ValueId id = AddValue({name, dtype, std::move(shape), {}});
    program_.inputs.push_back({name, id});
    return id;
  }

  template <class T = float>
  ValueId Constant(const Dims& dims, const std::vector<T>& elements,
                   DType dtype = DType::kFloat32) {
    TinyTensor tensor{"c" + std::to_string(tensors_.size()), dtype, dims, {}};
    tensor.bytes.assign(reinterpret_cast<const char*>(elements.data()),
                        elements.size() * sizeof(T));
    FEDGE_CHECK(elements.size() * sizeof(T) % DTypeSize(dtype) == 0);
    Dims strides(dims.size());
    std::int64_t stride = 1;
    for (std::size_t d = dims.size(); d-- > 0;) {
      strides[d] = stride;
      stride *= dims[d];
    }
    const std::string record = "data/" + std::to_string(tensors_.size());
    tensors_.push_back(tensor);
    return AddValue(
        {tensor.name, dtype, Shape(dims.begin(), dims.end()), ConstantRef{record, 0, strides}});
  }

  // Of random elements between -1 and 1, or `least` and 1.
  ValueId Random(const Dims& dims, float least = -1) {
    std::int64_t count = 1;
    for (const std::int64_t dim : dims) count *= dim;
    std::uniform_real_distribution<float> distribution(least, 1);
    std::vector<float> elements(static_cast<std::size_t>(count));
    for (float& element : elements) element = distribution(random_);
    return Constant(dims, elements);
  }

  std::vector<ValueId> AddAll(Op op, std::vector<ValueId> inputs,
                              const std::vector<TensorType>& declared = {}) {
    std::vector<TensorType> types;
    for (const ValueId id : inputs) {
      types.push_back(id == kAbsent
                          ? TensorType{}
                          : TensorType{program_.values[id].dtype, program_.values[id].shape});
    }
    std::vector<const TensorType*> pointers;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      pointers.push_back(inputs[i] == kAbsent ? nullptr : &types[i]);
    }
    const auto outputs = InferOutputs(op, pointers, declared);
    if (!outputs.ok()) std::fprintf(stderr, "%s\n", outputs.status().ToString().c_str());
    FEDGE_CHECK(outputs.ok());
    std::vector<ValueId> ids;
    for (const TensorType& type : *outputs)
      ids.push_back(AddValue({"", type.dtype, type.shape, {}}));
    program_.nodes.push_back({std::move(op), std::move(inputs), ids, "", ""});
    return ids;
  }
  ValueId Add(Op op, std::vector<ValueId> inputs, const std::vector<TensorType>& declared = {}) {
    return AddAll(std::move(op), std::move(inputs), declared)[0];
  }
  // Of operators whose output's shape is declared; the dtype is the input's.
  ValueId AddShaped(Op op, ValueId x, Shape shape) {
    return Add(std::move(op), {x}, {{program_.values[x].dtype, std::move(shape)}});
  }

  ValueId Conv(ValueId x, std::int64_t channels, std::int64_t kernel, op::Conv conv = {}) {
    const std::int64_t in = program_.values[x].shape[1].base;
    const ValueId weight = Random({channels, in / conv.groups, kernel, kernel});
    conv.pad_begin = conv.pad_end = {kernel / 2, kernel / 2};
    return Add(conv, {x, weight, kAbsent});
  }
  ValueId BatchNorm(ValueId x) {
    const std::int64_t channels = program_.values[x].shape[1].base;
    return Add(op::BatchNorm{}, {x, Random({channels}), Random({channels}), Random({channels}),
                                 Random({channels}, 0.5)});
  }
  ValueId Relu(ValueId x) { return Add(op::Unary{op::Unary::Kind::kRelu}, {x}); }
  ValueId Sum(ValueId a, ValueId b) { return Add(op::Binary{op::Binary::Kind::kAdd}, {a, b}); }

  void Output(const std::string& name, ValueId id) { program_.outputs.push_back({name, id}); }

  Program& program() { return program_; }

  // A `.pt` of the constants that carries the program.
  std::string File(std::vector<TinyExtra> extras = {}) const {
    std::vector<DerivedRecord> derived = {{std::string(kProgramRecord), {}}};
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      const auto bytes = AsBytes(tensors_[i].bytes);
      derived[0].sources.push_back(
          {"data/" + std::to_string(i), bytes.size(), Crc32(bytes), Sha256::Of(bytes)});
    }
    extras.emplace_back(kProgramRecord, ProgramToBytes(program_));
    extras.emplace_back(kDerivedRecord, DerivedToJson(derived));
    return TinyModel(tensors_, extras);
  }

 private:
  ValueId AddValue(Value value) {
    program_.values.push_back(std::move(value));
    return static_cast<ValueId>(program_.values.size() - 1);
  }

  Program program_;
  std::vector<TinyTensor> tensors_;
  std::mt19937 random_{20250101};
};

}  // namespace fedge::testing
