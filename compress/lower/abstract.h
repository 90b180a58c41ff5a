#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <c10/core/ScalarType.h>

#include "fedge/program/program.h"

// What a TorchScript value is while nothing but the shapes of the inputs is known: numbers,
// strings, modules and the like are what they are; sizes may grow with the batch; tensors that
// depend on the inputs are values of the program, and all other tensors are constants.
namespace fedge::lower {

// A tensor at one moment.
struct TensorValue {
  c10::ScalarType dtype = c10::kFloat;
  Shape shape;
  ValueId id = kAbsent;       // in the program, or kAbsent:
  at::Tensor constant;        // defined if the elements are known
  std::optional<Dim> number;  // of a tensor without dimensions: a size that is its element
  // Not empty: what LibTorch has here and the edge engine has not; an error once it is used.
  std::string missing;

  bool is_constant() const { return constant.defined(); }
  std::int64_t rank() const { return static_cast<std::int64_t>(shape.size()); }
};

TensorValue ConstantTensor(at::Tensor tensor);
TensorValue MissingTensor(std::string reason);

class TensorCell;
using TensorHandle = std::shared_ptr<TensorCell>;

struct Sequence;
struct Dictionary;
struct Unknown {};  // what an operation that can't be lowered would have given

// An IValue is None, a bool, number, string, device, module or object; never a tensor or container.
// A Dim grows with the batch; constant sizes are IValues.
using Abstract = std::variant<Unknown, c10::IValue, Dim, TensorHandle, std::shared_ptr<Sequence>,
                              std::shared_ptr<Dictionary>>;

// A list, which all who hold it see change, or a tuple.
struct Sequence {
  bool is_tuple = false;
  std::vector<Abstract> elements;
  std::vector<std::string> names = {};  // of a named tuple
};

struct Dictionary {
  std::vector<std::pair<c10::IValue, Abstract>> items;  // in the order of insertion
  Abstract* Find(const c10::IValue& key);
};

Abstract FromDim(const Dim& dim);
Abstract MakeList(std::vector<Abstract> elements);
Abstract MakeTuple(std::vector<Abstract> elements, std::vector<std::string> names = {});

bool IsNone(const Abstract& value);
// An int or a Dim as a Dim, also where it is the element of a tensor; nullopt for anything else.
std::optional<Dim> AsDim(const Abstract& value);
// Whether an Unknown is in it.
bool IsUnknown(const Abstract& value);
// Whether all of it is known, so that LibTorch can compute with it.
bool IsConcrete(const Abstract& value);

// "an int", "a tensor float32 [N, 3]": for messages.
std::string Describe(const Abstract& value);

DType ToDType(c10::ScalarType type);  // refuses types that the engine has not

}  // namespace fedge::lower
