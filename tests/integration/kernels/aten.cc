#include "aten.h"

#include <stdexcept>
#include <type_traits>

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>

#include "fedge/learn/dtypes.h"

namespace fedge::testing {
namespace {

at::Tensor ToTensor(const HostTensor& tensor) {
  std::vector<double> values = tensor.values;
  return at::from_blob(values.data(), tensor.dims, at::kDouble)
      .to(ScalarTypeOf(tensor.dtype), false, true);
}

HostTensor FromTensor(const at::Tensor& tensor) {
  const at::Tensor doubles = tensor.to(at::kDouble).contiguous();
  const double* const data = doubles.const_data_ptr<double>();
  return {DTypeOf(tensor.scalar_type()).value(),
          {tensor.sizes().begin(), tensor.sizes().end()},
          {data, data + doubles.numel()}};
}

c10::IValue ToIValue(const AtenArgument& argument) {
  return std::visit(
      [](const auto& value) -> c10::IValue {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, None>) {
          return {};
        } else if constexpr (std::is_same_v<T, HostTensor>) {
          return ToTensor(value);
        } else if constexpr (std::is_same_v<T, std::vector<HostTensor>>) {
          std::vector<at::Tensor> tensors;
          for (const HostTensor& tensor : value) tensors.push_back(ToTensor(tensor));
          return tensors;
        } else {
          return value;
        }
      },
      argument);
}

c10::OperatorHandle Find(const std::string& name) {
  const std::size_t dot = name.find('.');
  return c10::Dispatcher::singleton().findSchemaOrThrow(
      name.substr(0, dot).c_str(), dot == std::string::npos ? "" : name.substr(dot + 1).c_str());
}

std::vector<c10::IValue> Stack(const c10::OperatorHandle& op,
                               const std::vector<AtenArgument>& arguments) {
  std::vector<c10::IValue> stack;
  for (const AtenArgument& argument : arguments) stack.push_back(ToIValue(argument));
  const auto& expected = op.schema().arguments();
  for (std::size_t i = stack.size(); i < expected.size(); ++i) {
    stack.push_back(expected[i].default_value().value());
  }
  return stack;
}

}  // namespace

std::vector<HostTensor> CallAten(const std::string& name,
                                 const std::vector<AtenArgument>& arguments) {
  const c10::InferenceMode inference;
  const c10::OperatorHandle op = Find(name);
  std::vector<c10::IValue> stack = Stack(op, arguments);
  op.callBoxed(&stack);
  std::vector<HostTensor> results;
  for (const c10::IValue& value : stack) {
    if (value.isTensor()) results.push_back(FromTensor(value.toTensor()));
  }
  return results;
}

}  // namespace fedge::testing
