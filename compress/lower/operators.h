#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fedge/lower/call.h"

namespace fedge::lower {

// What an operator returns: a tensor, a list, or several.
struct Outputs {
  enum class Kind { kOne, kList, kSeveral };
  Outputs(TensorValue tensor)  // NOLINT: implicit on purpose
      : tensors{std::move(tensor)} {}
  Outputs(Kind what, std::vector<TensorValue> several) : kind(what), tensors(std::move(several)) {}

  Kind kind = Kind::kOne;
  std::vector<TensorValue> tensors;
};

using Emitter = Outputs (*)(const Call& call);

// Whether what an operator returns shares its elements with its first argument.
enum class Aliasing { kFresh, kView, kPerhapsView };

struct Operator {
  Emitter emit = nullptr;
  Aliasing aliasing = Aliasing::kFresh;
};

// TorchScript's operators by name, without overload and without the `_` of those in place: each
// function looks at which arguments there are.
class OperatorTable {
 public:
  void Add(std::initializer_list<std::string_view> names, Emitter emit,
           Aliasing aliasing = Aliasing::kFresh) {
    for (const std::string_view name : names) {
      operators_.insert_or_assign("aten::" + std::string(name), Operator{emit, aliasing});
    }
  }
  const Operator* Find(const std::string& name) const {
    const auto found = operators_.find(name);
    return found == operators_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<std::string, Operator> operators_;
};

// All that can be lowered: the one list, see operators.cc. Built once; immutable.
const OperatorTable& Operators();

void AddActivations(OperatorTable& table);
void AddArithmetic(OperatorTable& table);
void AddAttention(OperatorTable& table);
void AddConvolutions(OperatorTable& table);
void AddCreation(OperatorTable& table);
void AddIndexing(OperatorTable& table);
void AddJoining(OperatorTable& table);
void AddLinear(OperatorTable& table);
void AddNormalizations(OperatorTable& table);
void AddPadding(OperatorTable& table);
void AddParts(OperatorTable& table);
void AddPooling(OperatorTable& table);
void AddRecurrent(OperatorTable& table);
void AddReductions(OperatorTable& table);
void AddResizing(OperatorTable& table);
void AddViews(OperatorTable& table);

}  // namespace fedge::lower
